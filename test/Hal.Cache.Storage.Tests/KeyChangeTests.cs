using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Eviction;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Storage.Tests;

/// <summary>Every change of a key reaches the sinks, those included that the store makes on its own.</summary>
public sealed class KeyChangeTests
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Sinks_are_told_of_what_clients_change()
    {
        await using var host = new Host("noeviction", 64 << 20);

        host.Put("k", "1", 0, writer: 7);
        host.Put("k", "2", 0, writer: 8);
        host.Expire("k", host.Now + 60_000);
        host.Put("k", new string('x', 5000), host.Now + 60_000);
        host.Remove("k");
        host.Remove("k");
        host.Flush();

        Assert.Equal(["Added k 7", "Replaced k 8", "ExpirySet k 0", "Replaced k 0", "Deleted k 0", "Flushing -1"], host.Sink.Seen);
    }

    [Fact]
    public async Task Sinks_are_told_when_an_entry_expires_on_access_and_in_the_background()
    {
        await using var host = new Host("noeviction", 64 << 20);
        host.Put("a", "1", host.Now + 1000);
        host.Put("b", "1", host.Now + 1000);
        host.Sink.Seen.Clear();
        host.Sink.Awaits("Expired b 0");

        host.Time.Advance(TimeSpan.FromMilliseconds(1001));
        host.Find("a");
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.Sink.Reached.WaitAsync(WaitMax);

        Assert.Contains("Expired a 0", host.Sink.Seen);
    }

    [Fact]
    public async Task Sinks_are_told_when_an_entry_is_evicted()
    {
        await using var host = new Host("lru", 64 << 20);
        host.Sink.Awaits("Evicted ");

        for (int i = 0; i < 12_000 && !host.Sink.Reached.IsCompleted; i++) await host.PutWhenThereIsRoomAsync($"k{i}", new string('x', 10_000));

        await host.Sink.Reached.WaitAsync(WaitMax);
    }

    [Fact]
    public async Task Nothing_is_told_after_a_sink_is_taken_out()
    {
        await using var host = new Host("noeviction", 64 << 20);
        host.Store.RemoveSink(host.Sink);

        host.Put("k", "1", 0);

        Assert.Empty(host.Sink.Seen);
    }

    private sealed class Host : IAsyncDisposable
    {
        public Host(string policy, long memory)
        {
            Store = BlobStores.Open(new BlobStoreOptions { MemoryBytes = memory }, EvictionPolicies.Create(policy, 1), Time).Value;
            Store.AddSink(Sink);
        }

        public ManualTimeProvider Time { get; } = new();

        public IBlobStore Store { get; }

        public Recorder Sink { get; } = new();

        public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

        public void Put(string key, string value, long expiresAt, long writer = 0) => Locked(key, (IBlobStore store, in BlobKey blob, ref WriteScope scope) =>
        {
            scope.Writer = writer;
            Assert.Equal(StoreStatus.Done, store.Put(blob, BlobType.String, Encoding.ASCII.GetBytes(value), expiresAt, EntryFlags.None, ref scope));
        });

        public async Task PutWhenThereIsRoomAsync(string key, string value)
        {
            Assert.Null(await Store.MakeRoomAsync(value.Length, default).AsTask().WaitAsync(WaitMax));
            Put(key, value, 0);
        }

        public void Expire(string key, long at) => Locked(key, (IBlobStore store, in BlobKey blob, ref WriteScope scope) => store.SetExpiry(blob, at, ref scope));

        public void Remove(string key) =>
            Locked(key, (IBlobStore store, in BlobKey blob, ref WriteScope scope) => store.Remove(blob, RemovalReason.Deleted, ref scope, out _));

        public void Find(string key) => Locked(key, (IBlobStore store, in BlobKey blob, ref WriteScope scope) => store.Find(blob, ref scope));

        public void Flush()
        {
            WriteScope scope = default;
            Store.Lock(Store.AllShards);
            Store.Flush(-1, ref scope);
            Store.Unlock(Store.AllShards);
        }

        public ValueTask DisposeAsync() => Store.DisposeAsync();

        private void Locked(string key, Step step)
        {
            byte[] bytes = Encoding.ASCII.GetBytes(key);
            ulong hash = Store.Hash(bytes);
            WriteScope scope = default;
            Store.Lock(Store.ShardOf(hash));
            try
            {
                step(Store, new BlobKey(0, bytes, hash), ref scope);
            }
            finally
            {
                Store.Unlock(Store.ShardOf(hash));
            }
        }

        private delegate void Step(IBlobStore store, in BlobKey key, ref WriteScope scope);
    }

    private sealed class Recorder : IKeyChangeSink
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private string awaited = "\n";

        public List<string> Seen { get; } = [];

        public Task Reached => reached.Task;

        public void Awaits(string line) => awaited = line;

        public void Changed(in BlobKey key, KeyChange change, long writer) => Note($"{change} {Encoding.ASCII.GetString(key.Bytes)} {writer}");

        public void Flushing(int database, long writer) => Note($"Flushing {database}");

        public void Swapping(int first, int second, long writer) => Note($"Swapping {first} {second}");

        private void Note(string line)
        {
            lock (Seen) Seen.Add(line);
            if (line.StartsWith(awaited, StringComparison.Ordinal)) reached.TrySetResult();
        }
    }
}
