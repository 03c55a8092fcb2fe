using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Persistence.Postgres;
using Hal.Cache.Testing.Network;
using Hal.Cache.Testing.Processes;
using Npgsql;

namespace Hal.Cache.Persistence.Tests.Postgres;

[Collection(PostgresFixture.Collection)]
public sealed class PostgresFailureTests(PostgresFixture postgres)
{
    private static readonly byte[] Value = [1];
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Silos_that_start_at_once_migrate_once()
    {
        var connection = await postgres.CreateDatabaseAsync();
        var stores = Enumerable.Range(0, 8).Select(_ => Store(connection)).ToArray();

        var loaded = await Task.WhenAll(stores.Select(s => s.LoadAllAsync(CancellationToken.None)));

        Assert.All(loaded, l => Assert.True(l.IsOk, $"{l.Error}"));
        Assert.Equal((long)Migration.All.Count, await PostgresFixture.ExecuteAsync(connection, "select count(*) from hal_cache.migration"));
        foreach (var store in stores) await store.DisposeAsync();
    }

    [Fact]
    public async Task A_new_step_is_applied_to_a_database_that_has_the_old_ones()
    {
        var connection = await postgres.CreateDatabaseAsync();
        await using (var old = Store(connection)) await old.PutAsync(StoredKind.Link, "a", Value, 0, CancellationToken.None);
        Migration[] steps = [.. Migration.All, new(9000, "9000_more.sql", "create table hal_cache.more (a integer)")];

        await using var newer = new PostgresControlPlaneStore(Options(connection), TimeProvider.System, steps);
        var loaded = await newer.LoadAllAsync(CancellationToken.None);

        Assert.Single(loaded.Value);
        Assert.Equal(0L, await PostgresFixture.ExecuteAsync(connection, "select count(*) from hal_cache.more"));
        await using var older = Store(connection);
        var refused = await older.LoadAllAsync(CancellationToken.None);
        Assert.Equal(CacheErrorCode.Conflict, refused.Error?.Code);
        Assert.Contains("9000_more.sql", refused.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_that_fails_leaves_nothing_behind()
    {
        var connection = await postgres.CreateDatabaseAsync();
        Migration[] steps = [.. Migration.All, new(9000, "9000_bad.sql", "create table hal_cache.half (a integer); select 1 / 0")];

        await using var failing = new PostgresControlPlaneStore(Options(connection), TimeProvider.System, steps);
        var answer = await failing.LoadAllAsync(CancellationToken.None);

        Assert.Equal(CacheErrorCode.Unavailable, answer.Error?.Code);
        Assert.Equal(DBNull.Value, await PostgresFixture.ExecuteAsync(connection, "select to_regclass('hal_cache.record')::text"));
    }

    [Fact]
    public async Task A_step_that_was_applied_with_another_text_is_refused()
    {
        var connection = await postgres.CreateDatabaseAsync();
        await using (var first = Store(connection)) await first.LoadAllAsync(CancellationToken.None);
        await PostgresFixture.ExecuteAsync(connection, "update hal_cache.migration set checksum = 'other'");

        await using var second = Store(connection);

        Assert.Equal(CacheErrorCode.Conflict, (await second.LoadAllAsync(CancellationToken.None)).Error?.Code);
    }

    [Fact]
    public async Task Connections_that_the_server_ended_are_made_anew()
    {
        var connection = await postgres.CreateDatabaseAsync();
        await using var store = Store(connection);
        var first = await store.PutAsync(StoredKind.Link, "a", Value, 0, CancellationToken.None);
        await PostgresFixture.ExecuteAsync(
            connection, "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");

        var second = await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None);

        Assert.True(second.IsOk, $"{second.Error}");
    }

    [Fact]
    public async Task A_server_that_was_killed_and_is_back_is_used_again()
    {
        var connection = await postgres.CreateDatabaseAsync();
        await using var store = Store(connection);
        var first = await store.PutAsync(StoredKind.Link, "a", Value, 0, CancellationToken.None);
        postgres.Server.Kill();

        var away = await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None);
        postgres.Server.Start();
        var back = await store.LoadAllAsync(CancellationToken.None);

        Assert.Equal(CacheErrorCode.Unavailable, away.Error?.Code);
        Assert.Equal(first.Value, Assert.Single(back.Value).Version);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_put_whose_answer_was_lost_has_succeeded_once(int answers)
    {
        var direct = await postgres.CreateDatabaseAsync();
        await using var cutter = new AnswerCutter(postgres.Server.Port);
        await using var store = Store(postgres.Server.ConnectionString(new Npgsql.NpgsqlConnectionStringBuilder(direct).Database!, cutter.Port));
        var first = await store.PutAsync(StoredKind.Link, "a", Value, 0, CancellationToken.None);

        cutter.Cuts = answers;
        var update = await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None);
        cutter.Cuts = answers;
        var insert = await store.PutAsync(StoredKind.Link, "b", Value, 0, CancellationToken.None);

        Assert.Equal(0, cutter.Cuts);
        Assert.True(update.IsOk, $"{update.Error}");
        Assert.True(insert.IsOk, $"{insert.Error}");
        var stored = (await store.LoadAllAsync(CancellationToken.None)).Value.ToDictionary(r => r.Key, r => r.Version);
        Assert.Equal(new Dictionary<string, long> { ["a"] = update.Value, ["b"] = insert.Value }, stored);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_failed_and_was_written_all_the_same_is_written_over_by_who_tries_again(bool isRemoved)
    {
        var direct = await postgres.CreateDatabaseAsync();
        await using var cutter = new AnswerCutter(postgres.Server.Port);
        var once = Options(postgres.Server.ConnectionString(new NpgsqlConnectionStringBuilder(direct).Database!, cutter.Port), attemptsMax: 1);
        await using var store = new PostgresControlPlaneStore(once, TimeProvider.System);
        var first = await store.PutAsync(StoredKind.Link, "a", Value, 0, CancellationToken.None);
        cutter.Cuts = 1;
        CacheError? failed = isRemoved
            ? (await store.DeleteAsync(StoredKind.Link, "a", first.Value, CancellationToken.None)).Error
            : (await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None)).Error;
        // The connection broke; on a new one the answer that is cut would be another.
        await store.LoadAllAsync(CancellationToken.None);
        cutter.Cuts = 1;
        var unmade = await store.PutAsync(StoredKind.Link, "b", Value, 0, CancellationToken.None);
        Assert.Equal([CacheErrorCode.Unavailable, CacheErrorCode.Unavailable], new[] { failed?.Code, unmade.Error?.Code });

        var update = await store.PutAsync(StoredKind.Link, "a", (byte[])[2], first.Value, CancellationToken.None);
        var insert = await store.PutAsync(StoredKind.Link, "b", (byte[])[3], 0, CancellationToken.None);
        var stale = await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None);

        Assert.True(update.IsOk, $"{update.Error}");
        Assert.True(insert.IsOk, $"{insert.Error}");
        Assert.Equal(CacheErrorCode.Changed, stale.Error?.Code);
        var stored = (await store.LoadAllAsync(CancellationToken.None)).Value;
        Assert.Equal([("a", update.Value, 2), ("b", insert.Value, 3)], stored.OrderBy(r => r.Key).Select(r => (r.Key, r.Version, (int)r.Value.Span[0])));
    }

    [Fact]
    public async Task What_failed_and_was_written_all_the_same_is_removed_by_who_knows_the_version_before()
    {
        var direct = await postgres.CreateDatabaseAsync();
        await using var cutter = new AnswerCutter(postgres.Server.Port);
        var once = Options(postgres.Server.ConnectionString(new NpgsqlConnectionStringBuilder(direct).Database!, cutter.Port), attemptsMax: 1);
        await using var store = new PostgresControlPlaneStore(once, TimeProvider.System);
        var first = await store.PutAsync(StoredKind.Link, "a", Value, 0, CancellationToken.None);
        cutter.Cuts = 1;
        Assert.False((await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None)).IsOk);

        var removed = await store.DeleteAsync(StoredKind.Link, "a", first.Value, CancellationToken.None);

        Assert.True(removed.IsOk, $"{removed.Error}");
        Assert.Empty((await store.LoadAllAsync(CancellationToken.None)).Value);
    }

    [Fact]
    public async Task What_another_has_written_after_a_doubtful_write_stays()
    {
        var direct = await postgres.CreateDatabaseAsync();
        await using var cutter = new AnswerCutter(postgres.Server.Port);
        var once = Options(postgres.Server.ConnectionString(new NpgsqlConnectionStringBuilder(direct).Database!, cutter.Port), attemptsMax: 1);
        await using var store = new PostgresControlPlaneStore(once, TimeProvider.System);
        await using var other = Store(direct);
        var first = await store.PutAsync(StoredKind.Link, "a", Value, 0, CancellationToken.None);
        cutter.Cuts = 1;
        Assert.False((await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None)).IsOk);
        var seen = (await other.LoadAllAsync(CancellationToken.None)).Value.Single();
        var others = await other.PutAsync(StoredKind.Link, "a", Value, seen.Version, CancellationToken.None);

        var put = await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None);

        Assert.True(others.IsOk, $"{others.Error}");
        Assert.Equal(CacheErrorCode.Changed, put.Error?.Code);
    }

    [Fact]
    public async Task A_call_to_a_server_that_hangs_takes_no_longer_than_it_may()
    {
        var direct = await postgres.CreateDatabaseAsync();
        using var line = new LinkProxy(postgres.Server.Port);
        var options = new PostgresStoreOptions
        {
            ConnectionString = Through(line, direct),
            CallTimeMax = TimeSpan.FromSeconds(3), // the first call has it too, on a busy machine
        };
        await using var store = new PostgresControlPlaneStore(options, TimeProvider.System);
        var first = await store.PutAsync(StoredKind.Link, "a", Value, 0, CancellationToken.None);
        line.Hold();

        var hung = await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        line.Heal();

        Assert.Equal(new CacheError(CacheErrorCode.Unavailable, "PostgreSQL did not answer within 00:00:03"), hung.Error);
        Assert.True(await Eventually.HoldsAsync(
            async () => (await store.PutAsync(StoredKind.Link, "a", Value, first.Value, CancellationToken.None)).IsOk, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task Who_cancels_while_an_answer_is_read_waits_for_no_server_that_hangs()
    {
        var direct = await postgres.CreateDatabaseAsync();
        using var line = new LinkProxy(postgres.Server.Port);
        // Npgsql waits that long for a server that it asks to cancel: longer than the test does.
        await using var store = Store(Through(line, direct) + ";Timeout=300");
        for (var i = 0; i < 4; i++) Assert.True((await store.PutAsync(StoredKind.Link, $"{i}", new byte[1_000_000], 0, CancellationToken.None)).IsOk);
        using var cancellation = new CancellationTokenSource();
        line.Limit(1_000_000);
        var before = line.Passed;
        var loading = store.LoadAllAsync(cancellation.Token);
        // With its first row the answer has begun.
        Assert.True(await Eventually.HoldsAsync(() => line.Passed > before + 1_500_000, Bound));
        line.Hold();

        await Task.Run(cancellation.Cancel).WaitAsync(Bound);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loading.WaitAsync(Bound));
        line.Heal();
    }

    [Fact]
    public async Task A_migration_that_is_left_to_itself_holds_up_nobody_for_longer_than_a_call_may_take()
    {
        var direct = await postgres.CreateDatabaseAsync();
        using var line = new LinkProxy(postgres.Server.Port);
        var options = new PostgresStoreOptions { ConnectionString = Through(line, direct), CallTimeMax = TimeSpan.FromMilliseconds(200) };
        await using var store = new PostgresControlPlaneStore(options, TimeProvider.System);
        using var cancellation = new CancellationTokenSource();
        await using (var others = NpgsqlDataSource.Create(direct))
        await using (var locking = await others.OpenConnectionAsync())
        {
            // As another silo that migrates.
            await using var command = new NpgsqlCommand("select pg_advisory_lock(x'48414C4341434845'::bigint)", locking);
            await command.ExecuteNonQueryAsync();
            var first = store.LoadAllAsync(cancellation.Token);
            Assert.True(await Eventually.HoldsAsync(
                async () => await PostgresFixture.ExecuteAsync(direct, "select count(*) from pg_locks where locktype = 'advisory' and not granted") is > 0L, Bound));
            line.Hold();

            await Task.Run(cancellation.Cancel).WaitAsync(Bound);

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Bound));
            var later = await store.LoadAllAsync(CancellationToken.None).WaitAsync(Bound);
            Assert.Equal(new CacheError(CacheErrorCode.Unavailable, "PostgreSQL's schema was not there within 00:00:00.2000000; another call is at it"), later.Error);
        }
        line.Heal();
        Assert.True(await Eventually.HoldsAsync(async () => (await store.LoadAllAsync(CancellationToken.None)).IsOk, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_NotFound()
    {
        await using var store = Store(postgres.Server.ConnectionString("nowhere"));

        Assert.Equal(CacheErrorCode.NotFound, (await store.LoadAllAsync(CancellationToken.None)).Error?.Code);
    }

    [Fact]
    public async Task A_call_takes_no_longer_than_it_may_and_says_whom_it_waited_for()
    {
        var connection = await postgres.CreateDatabaseAsync();
        var options = new PostgresStoreOptions { ConnectionString = connection, CallTimeMax = TimeSpan.FromMilliseconds(200) };
        await using var store = new PostgresControlPlaneStore(options, TimeProvider.System);
        Assert.True((await store.LoadAllAsync(CancellationToken.None)).IsOk);
        await using var other = NpgsqlDataSource.Create(connection);
        await using var locking = await other.OpenConnectionAsync();
        await using (var locked = await locking.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand("lock table hal_cache.record", locking, locked);
            await command.ExecuteNonQueryAsync();

            var refused = await store.PutAsync(StoredKind.Link, "a", Value, 0, CancellationToken.None);

            Assert.Equal(new CacheError(CacheErrorCode.Unavailable, "PostgreSQL did not answer within 00:00:00.2000000"), refused.Error);
        }
    }

    [Theory]
    [InlineData("Host=db;Username=hal", true)]
    [InlineData("Username=hal", false)]
    [InlineData("Host=db;Nonsense=1", false)]
    [InlineData("what", false)]
    public void A_connection_string_is_checked_without_connecting(string connection, bool good) =>
        Assert.Equal(good, PostgresControlPlaneStore.Problem(connection) is null);

    private static PostgresStoreOptions Options(string connection, int attemptsMax = 4) =>
        new() { ConnectionString = connection, AttemptsMax = attemptsMax, RetryDelay = TimeSpan.FromMilliseconds(10) };

    // Without TLS nothing limits how long Npgsql waits for a server that it asks to cancel.
    private string Through(LinkProxy line, string direct) =>
        postgres.Server.ConnectionString(new NpgsqlConnectionStringBuilder(direct).Database!, line.Port) + ";Ssl Mode=Disable";

    private static PostgresControlPlaneStore Store(string connection) => new(Options(connection), TimeProvider.System);
}
