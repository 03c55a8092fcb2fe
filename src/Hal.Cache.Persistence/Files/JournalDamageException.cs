namespace Hal.Cache.Persistence.Files;

/// <summary>The journal has bytes that no crash leaves behind.</summary>
internal sealed class JournalDamageException(string message) : Exception(message);
