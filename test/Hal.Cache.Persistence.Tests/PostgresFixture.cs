using Hal.Cache.Testing.Processes;
using Npgsql;

namespace Hal.Cache.Persistence.Tests;

/// <summary>One server for all tests; each makes databases of its own in it. Where PostgreSQL is not installed they fail, and say so: test/run installs it.</summary>
public sealed class PostgresFixture : IDisposable
{
    public const string Collection = "postgres";

    private readonly PostgresServer? server = PostgresServer.IsAvailable ? new PostgresServer() : null;

    public PostgresServer Server =>
        server ?? throw new InvalidOperationException("PostgreSQL 15 is not installed, so nothing was shown (apt-get install postgresql-15, or test/run)");

    /// <summary>A new database, and what connects to it.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"hal_{Guid.NewGuid():n}";
        await ExecuteAsync(Server.ConnectionString("postgres"), $"create database {name}");
        return Server.ConnectionString(name);
    }

    public static async Task<object?> ExecuteAsync(string connection, string sql)
    {
        // Without a pool: a connection that is kept would stand in the way of a server's restart.
        await using var source = NpgsqlDataSource.Create(connection + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    public void Dispose() => server?.Dispose();
}
