namespace Hal.Cache.Gateway;

/// <summary>A handler asked for a streamed argument as a span: the dispatcher puts it together and runs the handler anew.</summary>
internal sealed class ArgumentNotInMemoryException : Exception;
