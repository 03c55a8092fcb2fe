namespace Hal.Cache.Client;

/// <summary>How a HAL instance is reached over RESP.</summary>
public sealed record HalCacheOptions
{
    private const int ValueBytesLimit = 1 << 30;

    // More than a timer takes is a mistake of units.
    private static readonly TimeSpan TimeMax = TimeSpan.FromDays(1);

    /// <summary>The instance's host, a name or an address; the nearest one.</summary>
    public string Host { get; init; } = "127.0.0.1";

    public int Port { get; init; } = 6379;

    /// <summary>The user; null for the default user.</summary>
    public string? User { get; init; }

    /// <summary>The password; null where none is asked for.</summary>
    public string? Password { get; init; }

    /// <summary>Put before each key, so that several applications can share a tree.</summary>
    public string KeyPrefix { get; init; } = "";

    /// <summary>How long connecting and logging in may take; all callers wait for one attempt.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a command may take; then its connection is given up.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of a value that are taken in a reply; a longer one is an error.</summary>
    public int ValueBytesMax { get; init; } = 512 << 20;

    /// <summary>Null, or the rule that a setting breaks.</summary>
    public string? Problem() =>
        Host.Length == 0 ? "Host is empty; it must be a name or an address"
        : Port is < 1 or > ushort.MaxValue ? $"Port is {Port}; it must be from 1 to 65535"
        : User is not null && Password is null ? "Password is missing; it must be given with User"
        : ConnectTimeout <= TimeSpan.Zero || ConnectTimeout > TimeMax ? $"ConnectTimeout is {ConnectTimeout}; it must be above zero and at most a day"
        : CommandTimeout <= TimeSpan.Zero || CommandTimeout > TimeMax ? $"CommandTimeout is {CommandTimeout}; it must be above zero and at most a day"
        : ValueBytesMax is < 1 or > ValueBytesLimit ? $"ValueBytesMax is {ValueBytesMax}; it must be from 1 to {ValueBytesLimit}"
        : null;
}
