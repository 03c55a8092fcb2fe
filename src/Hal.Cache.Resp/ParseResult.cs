namespace Hal.Cache.Resp;

/// <summary>Where the parser stands after a call.</summary>
public enum ParseResult
{
    /// <summary>The request is incomplete: call again with the same bytes and more after them.</summary>
    NeedMore,

    /// <summary>The request is complete; it may have no arguments, and is then to be ignored.</summary>
    Command,

    /// <summary>An argument too large to buffer follows: take its body from the stream, then report it taken.</summary>
    LargeArgument,

    /// <summary>The bytes are no request; the connection can't be read any further.</summary>
    Error,
}
