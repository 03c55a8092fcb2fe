using System.Buffers;
using System.Text;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Silo.Plane;

/// <summary>How far away the instances are that this one fetches from: a PING now and then, the shortest of a few, for the next heartbeat.</summary>
internal sealed class RoundTrips(string name, IReadOnlyList<string> above, TransferLog transfers, IPeerClient peers, TimeProvider time)
{
    /// <summary>Instances that are asked in one round: those above, and those fetched from lately.</summary>
    public const int PeersMax = 16;

    private const int Pings = 3;
    private const int AnswerBytesMax = 64;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(2);
    private static readonly byte[] Ping = "*1\r\n$4\r\nPING\r\n"u8.ToArray();

    private readonly Lock gate = new();
    private readonly List<LinkObservation> seen = [];

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            using var timer = new PeriodicTimer(Interval, time);
            do
            {
                foreach (var peer in above.Concat(transfers.Sources()).Distinct(StringComparer.Ordinal).Take(PeersMax)) await LookAsync(peer, cancellation);
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The instance is being stopped.
        }
    }

    /// <summary>What was seen since the last call.</summary>
    public IReadOnlyList<LinkObservation> Take()
    {
        lock (gate)
        {
            LinkObservation[] taken = [.. seen];
            seen.Clear();
            return taken;
        }
    }

    private async Task LookAsync(string peer, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(AnswerMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            var rented = await peers.RentAsync(peer, either.Token);
            if (!rented.IsOk) return; // who can't be reached is far away, which its silence tells better
            await using var link = rented.Value;
            var best = TimeSpan.MaxValue;
            for (var i = 0; i < Pings; i++)
            {
                var began = time.GetTimestamp();
                if (!await PingAsync(link, either.Token)) return;
                var took = time.GetElapsedTime(began);
                if (took < best) best = took;
            }
            link.IsReusable = true;
            lock (gate) seen.Add(new LinkObservation { From = peer, To = name, RoundTripMs = best.TotalMilliseconds });
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // A connection that broke, or an answer that came too late.
        }
    }

    private static async Task<bool> PingAsync(ICommandLink link, CancellationToken cancellation)
    {
        await link.Pipe.Output.WriteAsync(Ping, cancellation);
        while (true)
        {
            var read = await link.Pipe.Input.ReadAsync(cancellation);
            var line = read.Buffer.PositionOf((byte)'\n');
            if (line is { } end)
            {
                var answer = Encoding.ASCII.GetString(read.Buffer.Slice(0, end));
                link.Pipe.Input.AdvanceTo(read.Buffer.GetPosition(1, end));
                return answer == "+PONG\r";
            }
            link.Pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || read.Buffer.Length > AnswerBytesMax) return false;
        }
    }
}
