using System.IO.Pipelines;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Gateway.Tests.Peers;

public sealed class ScriptWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_look_that_fails_unexpectedly_ends_neither_this_watch_nor_the_next()
    {
        var (clock, peers) = (new ManualTimeProvider(), new FailingPeers());
        var watch = new ScriptWatch(peers, clock) { BusyAfter = TimeSpan.Zero };

        watch.Begin(1, "root");
        await UntilAsync(clock, peers, () => peers.Asked >= 2);
        Assert.Null(watch.BusyText);
        peers.Answer = "-BUSY a script runs\r\n";
        await UntilAsync(clock, peers, () => watch.BusyText == "BUSY a script runs");
        watch.End(1);
        Assert.Null(watch.BusyText);

        (peers.Answer, var before) = (null, peers.Asked);
        watch.Begin(2, "root");
        await UntilAsync(clock, peers, () => peers.Asked > before);
        watch.End(2);
    }

    // Moves the clock while nobody waits for an answer, whose time it would end.
    private static async Task UntilAsync(ManualTimeProvider clock, FailingPeers peers, Func<bool> holds)
    {
        using var turns = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        for (var since = System.Diagnostics.Stopwatch.StartNew(); !holds(); await turns.WaitForNextTickAsync())
        {
            Assert.True(since.Elapsed < Patience, $"the authority was asked {peers.Asked} times");
            if (peers.Lent == 0) clock.Advance(GatewayLimits.ScriptLookInterval);
        }
    }

    private sealed class FailingPeers : IPeerClient
    {
        private int asked;
        private int lent;

        /// <summary>What the authority says to PING; null has the call fail as no peer client should.</summary>
        public string? Answer { get; set; }

        public int Asked => Volatile.Read(ref asked);

        /// <summary>Connections that were not given back.</summary>
        public int Lent => Volatile.Read(ref lent);

        public ValueTask<Result<ICommandLink>> RentAsync(string peer, CancellationToken cancellation)
        {
            Interlocked.Increment(ref asked);
            if (Answer is not { } answer) throw new InvalidOperationException("a bug");
            Interlocked.Increment(ref lent);
            ICommandLink link = new Link(answer, () => Interlocked.Decrement(ref lent));
            return new(Results.Of(link));
        }

        public ValueTask<Result<IFrameChannel>> ConnectAsync(string peer, PeerChannelKind kind, IFrameSink sink, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public long MemoryBytes => 0;

        public long MemoryMisses => 0;

        public ValueTask<CacheError?> ReadAsync(string peer, RangeRequest request, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public void Cut(string peer) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => default;
    }

    private sealed class Link(string answer, Action ended) : ICommandLink
    {
        public IDuplexPipe Pipe { get; } = new Answering(answer);

        public bool IsFresh => true;

        public bool IsReusable { get; set; }

        public System.Diagnostics.ActivityContext Trace() => default;

        public ValueTask DisposeAsync()
        {
            ended();
            return default;
        }
    }

    private sealed class Answering(string answer) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(new MemoryStream(System.Text.Encoding.ASCII.GetBytes(answer)));

        public PipeWriter Output { get; } = PipeWriter.Create(new MemoryStream());
    }
}
