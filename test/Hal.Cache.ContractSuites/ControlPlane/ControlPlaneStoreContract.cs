using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ContractSuites.ControlPlane;

/// <summary>What every <see cref="IControlPlaneStore"/> promises. A subclass says how one is opened and closed, always on the same place.</summary>
public abstract class ControlPlaneStoreContract : IAsyncLifetime
{
    private IControlPlaneStore? store;

    private IControlPlaneStore Store => store!;

    public virtual async Task InitializeAsync() => store = await OpenAsync();

    public virtual async Task DisposeAsync()
    {
        if (store is not null) await CloseAsync(store);
    }

    protected abstract Task<IControlPlaneStore> OpenAsync();

    protected abstract Task CloseAsync(IControlPlaneStore opened);

    [Fact]
    public async Task A_new_store_is_empty() => Assert.Empty(await LoadAsync());

    [Fact]
    public async Task Every_kind_comes_back_with_its_bytes_after_reopening()
    {
        var versions = new Dictionary<StoredKind, long>();
        foreach (var kind in Enum.GetValues<StoredKind>()) versions[kind] = await PutAsync(kind, "same key", Value(kind), 0);

        await ReopenAsync();

        var loaded = await LoadAsync();
        Assert.Equal(versions.Count, loaded.Count);
        Assert.All(loaded, record =>
        {
            Assert.Equal("same key", record.Key);
            Assert.Equal(versions[record.Kind], record.Version);
            Assert.Equal(Value(record.Kind), record.Value.ToArray());
        });

        static byte[] Value(StoredKind kind) => Encoding.UTF8.GetBytes($$"""{ "kind":"{{kind}}", "é": [1, 2] }""");
    }

    [Fact]
    public async Task Bytes_that_are_no_text_come_back_as_they_were()
    {
        byte[] value = [0, 255, 13, 10, 0];
        await PutAsync(StoredKind.Batch, "b", value, 0);
        await PutAsync(StoredKind.Batch, "empty", [], 0);

        var loaded = (await LoadAsync()).ToDictionary(r => r.Key, r => r.Value.ToArray());

        Assert.Equal(value, loaded["b"]);
        Assert.Empty(loaded["empty"]);
    }

    [Fact]
    public async Task A_put_replaces_only_the_version_it_names()
    {
        var first = await PutAsync(StoredKind.Link, "a", [1], 0);
        var second = await PutAsync(StoredKind.Link, "a", [2], first);

        var outdated = await Store.PutAsync(StoredKind.Link, "a", new byte[] { 3 }, first, CancellationToken.None);
        var asNew = await Store.PutAsync(StoredKind.Link, "a", new byte[] { 3 }, 0, CancellationToken.None);
        var absent = await Store.PutAsync(StoredKind.Link, "other", new byte[] { 3 }, second, CancellationToken.None);

        Assert.True(second > first);
        Assert.All([outdated, asNew, absent], r => Assert.Equal(CacheErrorCode.Changed, r.Error?.Code));
        Assert.Equal([2], (await LoadAsync()).Single().Value.ToArray());
    }

    [Fact]
    public async Task Records_of_a_kind_are_found_by_how_their_keys_begin()
    {
        var wanted = await PutAsync(StoredKind.Prestage, "job_%-1", [1], 0);
        var part = await PutAsync(StoredKind.Prestage, "job_%-1/000000", [2], 0);
        await PutAsync(StoredKind.Prestage, "jobs%-1", [3], 0);
        await PutAsync(StoredKind.Pin, "job_%-1", [4], 0);

        await ReopenAsync();
        var found = await Store.LoadAsync(StoredKind.Prestage, "job_%-1", CancellationToken.None);
        var none = await Store.LoadAsync(StoredKind.Prestage, "job_%-2", CancellationToken.None);

        Assert.Equal(
            [("job_%-1", wanted, (byte)1), ("job_%-1/000000", part, 2)],
            found.Value.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => (r.Key, r.Version, r.Value.Span[0])));
        Assert.Empty(none.Value);
    }

    [Fact]
    public async Task A_delete_takes_only_the_version_it_names()
    {
        var first = await PutAsync(StoredKind.Pin, "a", [1], 0);
        var second = await PutAsync(StoredKind.Pin, "a", [2], first);

        var outdated = await Store.DeleteAsync(StoredKind.Pin, "a", first, CancellationToken.None);
        Assert.Equal(CacheErrorCode.Changed, outdated.Error?.Code);
        Assert.True((await Store.DeleteAsync(StoredKind.Pin, "a", second, CancellationToken.None)).IsOk);

        await ReopenAsync();
        Assert.Empty(await LoadAsync());
    }

    [Fact]
    public async Task Deleting_what_is_not_there_is_a_success()
    {
        var never = await Store.DeleteAsync(StoredKind.Pin, "never", 7, CancellationToken.None);
        var impossible = await Store.DeleteAsync(StoredKind.Pin, new string('k', IControlPlaneStore.KeyLengthMax + 1), 7, CancellationToken.None);

        Assert.True(never.IsOk);
        Assert.True(impossible.IsOk);
    }

    [Fact]
    public async Task A_version_never_comes_again_after_a_delete_or_reopening()
    {
        var first = await PutAsync(StoredKind.Setting, "a", [1], 0);
        await Store.DeleteAsync(StoredKind.Setting, "a", first, CancellationToken.None);
        await ReopenAsync();

        var second = await PutAsync(StoredKind.Setting, "a", [1], 0);

        Assert.True(second > first, $"{second} after {first}");
    }

    [Fact]
    public async Task The_longest_key_and_value_fit_and_longer_ones_are_Invalid()
    {
        var key = new string('ж', IControlPlaneStore.KeyLengthMax);
        var value = new byte[IControlPlaneStore.ValueBytesMax];
        new Random(1).NextBytes(value);

        await PutAsync(StoredKind.Manifest, key, value, 0);
        var longKey = await Store.PutAsync(StoredKind.Manifest, key + "x", value, 0, CancellationToken.None);
        var noKey = await Store.PutAsync(StoredKind.Manifest, "", value, 0, CancellationToken.None);
        var longValue = await Store.PutAsync(StoredKind.Manifest, "b", new byte[value.Length + 1], 0, CancellationToken.None);

        await ReopenAsync();
        var loaded = (await LoadAsync()).Single();
        Assert.Equal(key, loaded.Key);
        Assert.Equal(value, loaded.Value.ToArray());
        Assert.All([longKey, noKey, longValue], r => Assert.Equal(CacheErrorCode.Invalid, r.Error?.Code));
    }

    [Fact]
    public async Task A_key_that_is_no_text_is_Invalid()
    {
        // Made here: an attribute's text is stored as UTF-8, which has no lone surrogates.
        foreach (var key in new[] { "nul\0", "lone \ud800 surrogate", "reversed \udc00\ud800" })
            Assert.Equal(CacheErrorCode.Invalid, (await Store.PutAsync(StoredKind.Link, key, new byte[1], 0, CancellationToken.None)).Error?.Code);
    }

    [Theory]
    [InlineData("a'; drop schema hal_cache cascade; --")]
    [InlineData("a b/../c\r\n\t\"")]
    [InlineData("😀 日本")]
    public async Task Any_text_is_a_key(string key)
    {
        await PutAsync(StoredKind.Link, key, [1], 0);
        await PutAsync(StoredKind.Link, key + "2", [2], 0);

        await ReopenAsync();

        Assert.Equal([key, key + "2"], (await LoadAsync()).Select(r => r.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Of_writers_that_replace_the_same_version_at_once_one_wins()
    {
        var first = await PutAsync(StoredKind.Slots, "a", [0], 0);

        var answers = await Task.WhenAll(Enumerable.Range(1, 16).Select(i =>
            Task.Run(() => Store.PutAsync(StoredKind.Slots, "a", new[] { (byte)i }, first, CancellationToken.None))));

        var winner = Assert.Single(Enumerable.Range(0, answers.Length), i => answers[i].IsOk);
        Assert.All(answers.Where(a => !a.IsOk), a => Assert.Equal(CacheErrorCode.Changed, a.Error?.Code));
        Assert.Equal([(byte)(winner + 1)], (await LoadAsync()).Single().Value.ToArray());
    }

    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync(StoredKind.Link, "a", new byte[1], 0, cancelled.Token));

        Assert.Empty(await LoadAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Random_changes_and_reopenings_leave_what_a_dictionary_has(int seed)
    {
        var random = new Random(seed);
        var model = new Dictionary<(StoredKind, string), (long Version, byte[] Value)>();
        for (var step = 0; step < 200; step++)
        {
            var kind = (StoredKind)random.Next(3);
            var key = $"k{random.Next(8)}";
            var known = model.TryGetValue((kind, key), out var old);
            switch (random.Next(10))
            {
                case < 6:
                    var value = new byte[random.Next(2000)];
                    random.NextBytes(value);
                    model[(kind, key)] = (await PutAsync(kind, key, value, old.Version), value);
                    break;
                case < 9:
                    Assert.True((await Store.DeleteAsync(kind, key, known ? old.Version : 1, CancellationToken.None)).IsOk, $"seed {seed}, step {step}");
                    model.Remove((kind, key));
                    break;
                default:
                    await ReopenAsync();
                    break;
            }
        }

        var loaded = (await LoadAsync()).ToDictionary(r => (r.Kind, r.Key));
        Assert.True(model.Keys.ToHashSet().SetEquals(loaded.Keys), $"seed {seed}");
        Assert.All(model, m => Assert.True(
            m.Value.Version == loaded[m.Key].Version && m.Value.Value.AsSpan().SequenceEqual(loaded[m.Key].Value.Span), $"seed {seed}, {m.Key}"));
    }

    private async Task<long> PutAsync(StoredKind kind, string key, byte[] value, long replaces)
    {
        var answer = await Store.PutAsync(kind, key, value, replaces, CancellationToken.None);
        Assert.True(answer.IsOk, $"{answer.Error}");
        return answer.Value;
    }

    private async Task<IReadOnlyList<StoredRecord>> LoadAsync()
    {
        var answer = await Store.LoadAllAsync(CancellationToken.None);
        Assert.True(answer.IsOk, $"{answer.Error}");
        return answer.Value;
    }

    private async Task ReopenAsync()
    {
        await CloseAsync(Store);
        store = null;
        store = await OpenAsync();
    }
}
