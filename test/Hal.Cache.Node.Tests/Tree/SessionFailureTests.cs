using System.Threading.Channels;
using Hal.Cache.Coherence;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Node.Tests.Tree;

/// <summary>A disk that takes no number of a new session, as a full one.</summary>
public sealed class SessionFailureTests
{
    [Fact]
    public async Task A_session_that_could_not_be_begun_is_begun_once_its_number_can_be_kept()
    {
        await using var rig = new Rig();
        var peers = new Peers();
        var options = new TreeOptions { Name = "leaf", Parent = "root", Roots = RootTable.Sole("root"), Instance = 1, Coherence = new() { HelloTimeout = TimeSpan.FromMilliseconds(50) } };
        // The first one fails on a new connection, the later ones where the authority has not answered the greeting in time.
        await using var node = TreeNode.Below(options, rig.Keyspace, peers, new ParentFirstRoutes("root", "root"), new Counter(fails: n => n is 1 or 3 or 4), TimeProvider.System);
        using var limit = new CancellationTokenSource(Rig.Patience);

        node.Start();

        for (var greeting = 0; greeting < 3; greeting++) await peers.Greetings.ReadAsync(limit.Token);
        Assert.True(node.Session >= 3);
    }

    private sealed class Counter(Predicate<int> fails) : ISessionCounter
    {
        private int calls;
        private uint last;

        public uint Next() => fails(++calls) ? throw new IOException("No space left on device") : ++last;
    }

    /// <summary>Takes connections, and answers nothing.</summary>
    private sealed class Peers : IPeerClient
    {
        private readonly Channel<bool> greetings = Channel.CreateUnbounded<bool>();

        public ChannelReader<bool> Greetings => greetings.Reader;

        public long MemoryBytes => 0;

        public long MemoryMisses => 0;

        public ValueTask<Result<IFrameChannel>> ConnectAsync(string peer, PeerChannelKind kind, IFrameSink sink, CancellationToken cancellation) =>
            new(Results.Of<IFrameChannel>(new Silent(peer, sink, greetings.Writer)));

        public ValueTask<CacheError?> ReadAsync(string peer, RangeRequest request, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask<Result<ICommandLink>> RentAsync(string peer, CancellationToken cancellation) => throw new NotSupportedException();

        public void Cut(string peer)
        {
            // Nothing else goes there.
        }

        public ValueTask DisposeAsync() => default;
    }

    private sealed class Silent(string peer, IFrameSink sink, ChannelWriter<bool> greetings) : IFrameChannel
    {
        public string Peer => peer;

        public int QueuedBytes => 0;

        public bool TrySend(ReadOnlySpan<byte> frame) => greetings.TryWrite(true);

        public void Close() => ThreadPool.UnsafeQueueUserWorkItem(static ended => ended.Closed(), sink, preferLocal: false);
    }
}
