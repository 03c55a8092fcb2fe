using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Persistence.Postgres;
using Npgsql;

namespace Hal.Cache.Persistence;

/// <summary>Keeps the control plane's records in PostgreSQL, in the schema <c>hal_cache</c>, which it makes and migrates; for clusters.</summary>
public sealed class PostgresControlPlaneStore : IControlPlaneStore, IAsyncDisposable
{
    private const string Load = "select kind, key, version, value from hal_cache.record";

    private const string LoadSome = $"{Load} where kind = $1 and starts_with(key, $2)";

    private const string Insert = """
        insert into hal_cache.record (kind, key, version, written_by, value) values ($1, $2, nextval('hal_cache.record_version'), $3, $4)
        on conflict do nothing returning version
        """;

    private const string Update = """
        update hal_cache.record set version = nextval('hal_cache.record_version'), written_by = $3, written_at = now(), value = $4
        where kind = $1 and key = $2 and version = $5 returning version
        """;

    private const string Find = "select version, written_by from hal_cache.record where kind = $1 and key = $2";

    private const string Delete = "delete from hal_cache.record where kind = $1 and key = $2 and version = $3";

    private readonly PostgresStoreOptions options;
    private readonly NpgsqlDataSource source;
    private readonly TimeProvider time;
    private readonly PostgresRetry retry;
    private readonly DoubtfulWrites doubtful = new();
    private readonly SemaphoreSlim migration = new(1, 1);
    private readonly SchemaMigrator migrator;
    private volatile bool migrated;

    public PostgresControlPlaneStore(PostgresStoreOptions options, TimeProvider time)
        : this(options, time, Migration.All)
    {
    }

    internal PostgresControlPlaneStore(PostgresStoreOptions options, TimeProvider time, IReadOnlyList<Migration> migrations)
    {
        ArgumentNullException.ThrowIfNull(options);
        (this.options, source, this.time) = (options, NpgsqlDataSource.Create(options.ConnectionString), time);
        retry = new PostgresRetry(options, time);
        migrator = new SchemaMigrator(migrations);
    }

    /// <summary>Null, or what is wrong with a connection string, without a try to connect.</summary>
    public static string? Problem(string connectionString)
    {
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(connectionString);
            return string.IsNullOrEmpty(parts.Host) ? "it names no Host" : null;
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException)
        {
            return failure.Message;
        }
    }

    public Task<Result<IReadOnlyList<StoredRecord>>> LoadAllAsync(CancellationToken cancellation) => LoadAsync(() => source.CreateCommand(Load), cancellation);

    public Task<Result<IReadOnlyList<StoredRecord>>> LoadAsync(StoredKind kind, string keyStart, CancellationToken cancellation) =>
        LoadAsync(() => Command(LoadSome, kind, keyStart), cancellation);

    public async Task<Result<long>> PutAsync(StoredKind kind, string key, ReadOnlyMemory<byte> value, long replaces, CancellationToken cancellation)
    {
        if (RecordRules.Problem(key, value.Length) is { } problem) return problem;
        var before = doubtful.Take(kind, key, replaces);
        // One identity for all of them: whichever was done, it is found by that.
        var call = before?.Call ?? Guid.CreateVersion7();
        return await WriteAsync<long>(
            async one =>
            {
                if (await PutOnceAsync(kind, key, call, value, replaces, one.Limit) is { } version) return version;
                while (true)
                {
                    var stored = await FindAsync(kind, key, one.Limit);
                    // An earlier try of this very call may have been committed before its connection broke.
                    if (before is null && one.Number > 1 && stored is { } found && found.WrittenBy == call) return found.Version;
                    // Of an earlier call it is not known which value it brought: this one goes over it, and over one that is done only now.
                    var isOwn = stored is null ? before is { MayBeGone: true } : stored.Value.WrittenBy == before?.Call;
                    if (!isOwn) return RecordRules.Changed(kind, key, replaces, stored?.Version);
                    if (await PutOnceAsync(kind, key, call, value, stored?.Version ?? 0, one.Limit) is { } over) return over;
                }
            },
            () => doubtful.Add(kind, key, replaces, call, before is { MayBeGone: true }),
            cancellation);
    }

    public async Task<Result<Done>> DeleteAsync(StoredKind kind, string key, long version, CancellationToken cancellation)
    {
        if (RecordRules.Problem(key, 0) is not null) return Done.Value; // what can't be stored is not there
        var before = doubtful.Take(kind, key, version);
        return await WriteAsync<Done>(
            async one =>
            {
                if (await DeleteOnceAsync(kind, key, version, one.Limit) || await FindAsync(kind, key, one.Limit) is not { } stored) return Done.Value;
                if (stored.WrittenBy == before?.Call && await DeleteOnceAsync(kind, key, stored.Version, one.Limit)) return Done.Value;
                return RecordRules.Changed(kind, key, version, stored.Version);
            },
            () => doubtful.Add(kind, key, version, before?.Call ?? Guid.CreateVersion7(), mayBeGone: true),
            cancellation);
    }

    /// <summary>How far this machine's clock is ahead of the database's, below zero where it is behind; as exact as half of the call's own time.</summary>
    public Task<Result<TimeSpan>> ClockAheadAsync(CancellationToken cancellation) => RunAsync<TimeSpan>(
        async one =>
        {
            await using var command = source.CreateCommand("select clock_timestamp()");
            var asked = time.GetUtcNow();
            var there = (DateTime)(await command.ExecuteScalarAsync(one.Limit))!;
            return asked + ((time.GetUtcNow() - asked) / 2) - there;
        },
        cancellation);

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        migration.Dispose();
    }

    private Task<Result<IReadOnlyList<StoredRecord>>> LoadAsync(Func<NpgsqlCommand> load, CancellationToken cancellation) =>
        RunAsync<IReadOnlyList<StoredRecord>>(
            async one =>
            {
                var records = new List<StoredRecord>();
                await using var command = load();
                await using var reader = await command.ExecuteReaderAsync(one.Limit);
                one.AnswerBegins();
                // The limit is for an answer to begin: a tree that has so much that it takes longer to read would never start.
                while (await reader.ReadAsync(one.Cancelled))
                {
                    if (StoredKinds.Parse(reader.GetString(0)) is not { } kind)
                        return new CacheError(CacheErrorCode.Conflict, $"the database has records of kind '{reader.GetString(0)}', which this version does not know");
                    records.Add(new StoredRecord(kind, reader.GetString(1), reader.GetInt64(2), reader.GetFieldValue<byte[]>(3)));
                }
                return records;
            },
            cancellation);

    private NpgsqlCommand Command(string sql, StoredKind kind, string key)
    {
        var command = source.CreateCommand(sql);
        command.Parameters.Add(new() { Value = StoredKinds.Name(kind) });
        command.Parameters.Add(new() { Value = key });
        return command;
    }

    private async Task<(long Version, Guid WrittenBy)?> FindAsync(StoredKind kind, string key, CancellationToken cancellation)
    {
        // A call that was left to itself must not go over what came after it.
        cancellation.ThrowIfCancellationRequested();
        await using var command = Command(Find, kind, key);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? (reader.GetInt64(0), reader.GetGuid(1)) : null;
    }

    private async Task<long?> PutOnceAsync(StoredKind kind, string key, Guid call, ReadOnlyMemory<byte> value, long replaces, CancellationToken cancellation)
    {
        await using var command = Command(replaces == 0 ? Insert : Update, kind, key);
        command.Parameters.Add(new() { Value = call });
        command.Parameters.Add(new() { Value = value });
        if (replaces != 0) command.Parameters.Add(new() { Value = replaces });
        return await command.ExecuteScalarAsync(cancellation) is long version ? version : null;
    }

    private async Task<bool> DeleteOnceAsync(StoredKind kind, string key, long version, CancellationToken cancellation)
    {
        await using var command = Command(Delete, kind, key);
        command.Parameters.Add(new() { Value = version });
        return await command.ExecuteNonQueryAsync(cancellation) > 0;
    }

    // However it ends, by a cancellation too: where no answer says how the key stands, it may have been written.
    private async Task<Result<T>> WriteAsync<T>(Func<PostgresTry, Task<Result<T>>> work, Action doubt, CancellationToken cancellation)
    {
        var isKnown = false;
        try
        {
            var written = await RunAsync(work, cancellation);
            isKnown = written.IsOk || written.Error.Code == CacheErrorCode.Changed;
            return written;
        }
        finally
        {
            if (!isKnown) doubt();
        }
    }

    private async Task<Result<T>> RunAsync<T>(Func<PostgresTry, Task<Result<T>>> work, CancellationToken cancellation)
    {
        if (!migrated)
        {
            // The migration takes what it takes; other silos may be at it.
            var ready = await retry.RunAsync<Done>(async one => await MigrateAsync(one.Cancelled) is { } refused ? refused : Done.Value, isLimited: false, cancellation);
            if (ready.Error is { } error) return error;
        }
        return await retry.RunAsync(work, isLimited: true, cancellation);
    }

    private async Task<CacheError?> MigrateAsync(CancellationToken cancellation)
    {
        if (await TurnAsync(cancellation) is { } late) return late;
        try
        {
            var refused = migrated ? null : await migrator.MigrateAsync(source, cancellation);
            migrated = refused is null;
            return refused;
        }
        finally
        {
            migration.Release();
        }
    }

    // Whose turn it is may have been left to itself, with a server that hangs: for that nobody waits longer than a call takes.
    private async Task<CacheError?> TurnAsync(CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(options.CallTimeMax ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            await migration.WaitAsync(either.Token);
            return null;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new CacheError(CacheErrorCode.Unavailable, $"PostgreSQL's schema was not there within {options.CallTimeMax}; another call is at it");
        }
    }
}
