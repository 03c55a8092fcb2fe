using Hal.Cache.Contracts;
using Npgsql;

namespace Hal.Cache.Persistence.Postgres;

/// <summary>Brings a database's schema to a list of steps, all of them or none; of several silos that start at once, one migrates and the rest wait.</summary>
internal sealed class SchemaMigrator(IReadOnlyList<Migration> migrations)
{
    // Any fixed number that is ours: "HALCACHE" in ASCII.
    private const long LockId = 0x48414C4341434845;

    private const string Prepare = """
        create schema if not exists hal_cache;
        create table if not exists hal_cache.migration (
            number integer primary key,
            name text not null,
            checksum text not null,
            applied_at timestamptz not null default now());
        """;

    /// <summary>Null, or why this database is not for this version; throws what Npgsql throws.</summary>
    public async Task<CacheError?> MigrateAsync(NpgsqlDataSource source, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // Held until the transaction ends, however it ends.
        await ExecuteAsync(connection, $"select pg_advisory_xact_lock({LockId})", cancellation);
        await ExecuteAsync(connection, Prepare, cancellation);
        var applied = await AppliedAsync(connection, cancellation);
        foreach (var (number, (name, checksum)) in applied)
        {
            if (migrations.FirstOrDefault(m => m.Number == number) is not { } known)
                return new CacheError(CacheErrorCode.Conflict, $"the database has step {name} of a later version; run that version");
            if (known.Checksum != checksum)
                return new CacheError(CacheErrorCode.Conflict, $"the database's step {name} is not this version's {known.Name}");
        }
        foreach (var migration in migrations.Where(m => !applied.ContainsKey(m.Number)))
        {
            await ExecuteAsync(connection, migration.Sql, cancellation);
            await using var note = new NpgsqlCommand("insert into hal_cache.migration (number, name, checksum) values ($1, $2, $3)", connection)
            {
                Parameters = { new() { Value = migration.Number }, new() { Value = migration.Name }, new() { Value = migration.Checksum } },
            };
            await note.ExecuteNonQueryAsync(cancellation);
        }
        await transaction.CommitAsync(cancellation);
        return null;
    }

    private static async Task<SortedDictionary<int, (string Name, string Checksum)>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var applied = new SortedDictionary<int, (string, string)>();
        await using var command = new NpgsqlCommand("select number, name, checksum from hal_cache.migration", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation)) applied[reader.GetInt32(0)] = (reader.GetString(1), reader.GetString(2));
        return applied;
    }

    // The text is one of this assembly's resources or constants.
    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
