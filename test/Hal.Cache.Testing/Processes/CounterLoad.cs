using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Testing.Processes;

/// <summary>
/// Clients of a tree: one writes rising numbers, others read them and see whether one is older than what was acknowledged before they asked. A client whose
/// connection is closed goes on with another silo, as clients do.
/// </summary>
public sealed class CounterLoad : IDisposable
{
    private const int Readers = 3;
    private const int Keys = 8;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan WriterPatience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource stop = new();
    private readonly long[] acknowledged = new long[Keys];
    private readonly ConcurrentQueue<string> wrong = new();
    private readonly Task[] clients;
    private volatile TreeMember[] open;
    private long reads, moved, waited, writes;
    private volatile bool isRootAway;

    public CounterLoad(int seed, params TreeMember[] members)
    {
        open = members;
        clients =
        [
            Task.Factory.StartNew(() => Write(new Random(seed)), TaskCreationOptions.LongRunning),
            .. Enumerable.Range(1, Readers).Select(i => Task.Factory.StartNew(() => Read(new Random(seed + i)), TaskCreationOptions.LongRunning)),
        ];
    }

    /// <summary>Reads that failed, or told what is old.</summary>
    public IReadOnlyCollection<string> Wrong => wrong;

    public long Reads => Interlocked.Read(ref reads);

    public long Writes => Interlocked.Read(ref writes);

    /// <summary>Without its root, strict coherence has reads wait (TRYAGAIN) once the leases end; then, and only then, they are repeated.</summary>
    public bool IsRootAway
    {
        get => isRootAway;
        set => isRootAway = value;
    }

    /// <summary>Clients may connect to it.</summary>
    public void Open(TreeMember member) => open = [.. open, member];

    /// <summary>Clients do not connect to it any more; connections that they have are left to the silo.</summary>
    public void Close(TreeMember member) => open = [.. open.Where(m => m != member)];

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(clients);
    }

    public override string ToString() => $"{reads} reads, {moved} times on another silo, {waited} times told to try again without a root, {writes} writes";

    public void Dispose()
    {
        stop.Cancel();
        // A client that waits for a reply ends with its wait.
        if (((IAsyncResult)Task.WhenAll(clients)).AsyncWaitHandle.WaitOne(EndPatience)) stop.Dispose();
    }

    // A pace that leaves the silos room on a machine that does other things too.
    private bool IsOver() => stop.Token.WaitHandle.WaitOne(Pace);

    private static string Key(int key) => $"counter:{key}";

    private void Read(Random random)
    {
        RespTestClient? client = null;
        TreeMember? at = null;
        while (!IsOver())
        {
            var key = random.Next(Keys);
            // Both as of before the question, since its answer may be late.
            var (floor, mayWait) = (Interlocked.Read(ref acknowledged[key]), isRootAway);
            // Now and then to somewhere else, so that every silo is read.
            if (client is null || random.Next(50) == 0 || !open.Contains(at)) (client, at) = Connect(client, random);
            if (client is null) continue;
            try
            {
                var reply = client.Command("GET", Key(key));
                if (reply.IsError && mayWait && reply.Text.StartsWith("TRYAGAIN", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref waited);
                    continue;
                }
                Interlocked.Increment(ref reads);
                if (reply.IsError) wrong.Enqueue($"{at!.Name}: {reply.Text}");
                else if ((reply.IsNull ? 0 : long.Parse(reply.Text, CultureInfo.InvariantCulture)) is var seen && seen < floor)
                    wrong.Enqueue($"{at!.Name}: {Key(key)} was {seen} after {floor} had been acknowledged");
            }
            catch (Exception closed) when (closed is EndOfStreamException or SocketException { SocketErrorCode: not SocketError.TimedOut })
            {
                Interlocked.Increment(ref moved);
                client.Dispose();
                client = null;
            }
            catch (SocketException timedOut)
            {
                wrong.Enqueue($"{at!.Name}: {timedOut.Message}");
                client.Dispose();
                client = null;
            }
        }
        client?.Dispose();
    }

    private (RespTestClient? Client, TreeMember? At) Connect(RespTestClient? former, Random random)
    {
        former?.Dispose();
        var member = open[random.Next(open.Length)];
        try
        {
            return (new RespTestClient(member.Port), member);
        }
        catch (SocketException)
        {
            Interlocked.Increment(ref moved);
            return (null, null);
        }
    }

    // The only writer, so that what was acknowledged last is the least that a read may tell.
    private void Write(Random random)
    {
        RespTestClient? client = null;
        for (long number = 1; !IsOver(); number++)
        {
            var key = random.Next(Keys);
            try
            {
                client ??= new RespTestClient(open[random.Next(open.Length)].Port, WriterPatience);
                if (client.Command("SET", Key(key), number.ToString(CultureInfo.InvariantCulture)).Text == "OK")
                {
                    Interlocked.Exchange(ref acknowledged[key], number);
                    Interlocked.Increment(ref writes);
                }
            }
            catch (Exception closed) when (closed is EndOfStreamException or SocketException)
            {
                client?.Dispose();
                client = null;
            }
        }
        client?.Dispose();
    }
}
