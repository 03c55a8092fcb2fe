using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Persistence.Files;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Persistence.Tests.Files;

public sealed class JournalTests : IDisposable
{
    private readonly TempDirectory directory = new("journal");

    private string Path => directory.Combine("control-plane.journal");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_write_that_a_crash_cut_at_any_byte_is_dropped_and_what_was_before_it_stays()
    {
        using (var store = new FileControlPlaneStore(directory.Path)) await PutAsync(store, "kept", [1, 2, 3]);
        var before = new FileInfo(Path).Length;
        using (var store = new FileControlPlaneStore(directory.Path)) await PutAsync(store, "torn", [4, 5, 6, 7]);
        var whole = await File.ReadAllBytesAsync(Path);

        for (var length = (int)before; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(Path, whole[..length]);
            using var store = new FileControlPlaneStore(directory.Path);

            Assert.Equal(["kept"], await KeysAsync(store));
            Assert.Equal(length - before, store.TornBytes);
            await PutAsync(store, "next", [8]);
            Assert.Equal(["kept", "next"], await KeysAsync(store));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(5000)]
    public async Task Zeros_at_the_end_are_dropped(int zeros)
    {
        using (var store = new FileControlPlaneStore(directory.Path)) await PutAsync(store, "kept", [1]);
        await File.AppendAllBytesAsync(Path, new byte[zeros]);

        using var reopened = new FileControlPlaneStore(directory.Path);

        Assert.Equal(["kept"], await KeysAsync(reopened));
        Assert.Equal(zeros, reopened.TornBytes);
    }

    [Fact]
    public async Task A_last_write_with_any_bit_wrong_is_never_read_as_something_else()
    {
        using (var store = new FileControlPlaneStore(directory.Path)) await PutAsync(store, "kept", [1, 2, 3]);
        var before = (int)new FileInfo(Path).Length;
        using (var store = new FileControlPlaneStore(directory.Path)) await PutAsync(store, "last", [4]);
        var whole = await File.ReadAllBytesAsync(Path);

        for (var i = before; i < whole.Length; i++)
        {
            var bad = (byte[])whole.Clone();
            bad[i] ^= 0x10;
            await File.WriteAllBytesAsync(Path, bad);
            using var store = new FileControlPlaneStore(directory.Path);

            var loaded = await store.LoadAllAsync(CancellationToken.None);

            if (loaded.IsOk) Assert.Equal(["kept"], loaded.Value.Select(r => r.Key));
            else Assert.Equal(CacheErrorCode.Corrupt, loaded.Error.Code);
        }
    }

    [Fact]
    public async Task A_damaged_byte_before_other_records_is_Corrupt_and_nothing_is_forgotten()
    {
        using (var store = new FileControlPlaneStore(directory.Path)) await PutAsync(store, "first", [1, 2, 3]);
        var first = (int)new FileInfo(Path).Length;
        using (var store = new FileControlPlaneStore(directory.Path)) await PutAsync(store, "second", [1, 2, 3]);
        var whole = await File.ReadAllBytesAsync(Path);

        for (var i = 0; i < first; i++)
        {
            var bad = (byte[])whole.Clone();
            bad[i] ^= 0xff;
            await File.WriteAllBytesAsync(Path, bad);
            using var store = new FileControlPlaneStore(directory.Path);

            var loaded = await store.LoadAllAsync(CancellationToken.None);
            var put = await store.PutAsync(StoredKind.Link, "third", new byte[1], 0, CancellationToken.None);

            Assert.Equal(CacheErrorCode.Corrupt, loaded.Error?.Code);
            Assert.Equal(CacheErrorCode.Corrupt, put.Error?.Code);
            Assert.Equal(bad, await File.ReadAllBytesAsync(Path));
        }
    }

    [Fact]
    public async Task The_journal_is_rewritten_when_most_of_it_is_superseded_and_versions_go_on()
    {
        long version = 0;
        using (var store = new FileControlPlaneStore(directory.Path))
        {
            await PutAsync(store, "kept", [1, 2, 3]);
            var value = new byte[100_000];
            for (var i = 0; i < 50; i++) version = (await store.PutAsync(StoredKind.Batch, "often", value, version, CancellationToken.None)).Value;
            await store.DeleteAsync(StoredKind.Batch, "often", version, CancellationToken.None);
            for (var i = 0; i < 30; i++)
            {
                var put = await store.PutAsync(StoredKind.Batch, "again", value, 0, CancellationToken.None);
                await store.DeleteAsync(StoredKind.Batch, "again", put.Value, CancellationToken.None);
                version = put.Value;
            }
            Assert.True(new FileInfo(Path).Length < 1_500_000, $"{new FileInfo(Path).Length} bytes");
        }

        using var reopened = new FileControlPlaneStore(directory.Path);
        Assert.Equal(["kept"], await KeysAsync(reopened));
        Assert.True((await reopened.PutAsync(StoredKind.Batch, "often", new byte[1], 0, CancellationToken.None)).Value > version);
        Assert.False(File.Exists(Path + ".new"));
    }

    [Fact]
    public async Task A_rewrite_that_fails_is_not_the_answer_to_a_change_that_is_there()
    {
        using var store = new FileControlPlaneStore(directory.Path);
        await PutAsync(store, "kept", [1, 2, 3]);
        Directory.CreateDirectory(Path + ".new"); // where the rewrite would begin

        long version = 0;
        for (var i = 0; i < 30; i++)
        {
            var put = await store.PutAsync(StoredKind.Batch, "often", new byte[100_000], version, CancellationToken.None);
            Assert.True(put.IsOk, $"{put.Error}");
            version = put.Value;
        }
        var grown = new FileInfo(Path).Length;
        Directory.Delete(Path + ".new");
        await PutAsync(store, "next", [4]);

        Assert.True(grown > 3_000_000, $"{grown} bytes");
        Assert.True(new FileInfo(Path).Length < 200_000, $"{new FileInfo(Path).Length} bytes");
        Assert.Equal(["kept", "next", "often"], await KeysAsync(store));
    }

    [Fact]
    public void What_was_answered_as_a_failure_and_could_not_be_taken_back_is_cut_off_before_the_file_is_read_anew()
    {
        long before;
        using (var journal = Journal.Open(Path))
        {
            journal.Put(StoredKind.Link, "kept", new byte[] { 1 });
            before = journal.FileBytes;
            journal.Put(StoredKind.Link, "failed", new byte[] { 2 });
        }

        using (var again = Journal.Open(Path, before))
        {
            Assert.Null(again.Find(StoredKind.Link, "failed"));
            again.Put(StoredKind.Link, "next", new byte[] { 3 });
        }

        using var reopened = Journal.Open(Path);
        Assert.Equal(["kept", "next"], reopened.Read((_, _) => true).Select(r => r.Key));
        Assert.Equal(0, reopened.TornBytes);
    }

    [Fact]
    public async Task What_a_cut_off_rewrite_left_is_removed()
    {
        using (var store = new FileControlPlaneStore(directory.Path)) await PutAsync(store, "kept", [1]);
        await File.WriteAllBytesAsync(Path + ".new", [1, 2, 3]);

        using var reopened = new FileControlPlaneStore(directory.Path);

        Assert.Equal(["kept"], await KeysAsync(reopened));
        Assert.False(File.Exists(Path + ".new"));
    }

    [Fact]
    public async Task A_second_store_on_the_directory_is_a_Conflict_until_the_first_is_closed()
    {
        using var first = new FileControlPlaneStore(directory.Path);
        await PutAsync(first, "a", [1]);
        using var second = new FileControlPlaneStore(directory.Path);

        var refused = await second.LoadAllAsync(CancellationToken.None);
        first.Dispose();
        var taken = await second.LoadAllAsync(CancellationToken.None);

        Assert.Equal(CacheErrorCode.Conflict, refused.Error?.Code);
        Assert.Single(taken.Value);
    }

    [Fact]
    public async Task Another_process_that_has_the_lock_is_a_Conflict()
    {
        var program = Executables.Find("flock");
        Assert.NotNull(program); // util-linux, which every Debian has
        using var other = new ChildProcess(
            program, ["--exclusive", "--nonblock", directory.Combine("control-plane.lock"), "sh", "-c", "echo held; exec sleep 600"], line => line == "held");
        other.WaitReady(TimeSpan.FromSeconds(20));
        using var store = new FileControlPlaneStore(directory.Path);

        var refused = await store.LoadAllAsync(CancellationToken.None);
        other.Kill();
        var taken = await store.LoadAllAsync(CancellationToken.None);

        Assert.Equal(CacheErrorCode.Conflict, refused.Error?.Code);
        Assert.True(taken.IsOk, $"{taken.Error}");
    }

    [Fact]
    public async Task A_directory_that_can_not_be_made_is_Unavailable_with_its_name()
    {
        await File.WriteAllTextAsync(directory.Combine("file"), "");
        using var store = new FileControlPlaneStore(directory.Combine("file/below"));

        var answer = await store.LoadAllAsync(CancellationToken.None);

        Assert.Equal(CacheErrorCode.Unavailable, answer.Error?.Code);
        Assert.Contains("file/below", answer.Error!.Message, StringComparison.Ordinal);
    }

    private static async Task PutAsync(FileControlPlaneStore store, string key, byte[] value) =>
        Assert.True((await store.PutAsync(StoredKind.Link, key, value, 0, CancellationToken.None)).IsOk);

    private static async Task<string[]> KeysAsync(FileControlPlaneStore store) =>
        [.. (await store.LoadAllAsync(CancellationToken.None)).Value.Select(r => r.Key).Order(StringComparer.Ordinal)];
}
