namespace Hal.Cache.Gateway.Clients;

/// <summary>What a connection does next, once it has run what it could.</summary>
internal enum ConnectionStep
{
    NeedsInput,
    Waits,
    LargeArgument,
    Sends,

    /// <summary>What came is no request: the connection ends.</summary>
    Refused,

    /// <summary>The command runs when the writes before it are answered.</summary>
    Follows,

    /// <summary>The command has run, and ends when the writes before it are answered.</summary>
    Ends,
}
