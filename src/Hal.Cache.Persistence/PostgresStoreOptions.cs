namespace Hal.Cache.Persistence;

/// <summary>How a control plane reaches its database.</summary>
public sealed class PostgresStoreOptions
{
    /// <summary>As Npgsql takes it, such as <c>Host=db;Username=hal;Password=...;Database=hal</c>.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Tries of one call, the first included, when the connection is lost or the server is starting; 1 or more.</summary>
    public int AttemptsMax { get; init; } = 5;

    /// <summary>Wait before the second try; it doubles with each further one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long one call takes at most with all its tries, once the schema is there; null: as long as they take.</summary>
    public TimeSpan? CallTimeMax { get; init; }
}
