using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Scripts of this instance's clients that an authority runs. While one takes long the authority is asked whether it is busy with a script,
/// and while it says so the clients here are answered as there: with -BUSY, until the script ends or is killed. A link that is slow, or a
/// reply that waits for something else, is no such thing. Thread-safe.
/// </summary>
internal sealed class ScriptWatch(IPeerClient peers, TimeProvider time)
{
    private readonly ConcurrentDictionary<long, (string Authority, long Since)> running = new();
    private readonly Lock gate = new();
    private int isLooking;
    private volatile string? busyText;

    /// <summary>What others are answered while the authority is busy; null while it is not, as far as is known.</summary>
    public string? BusyText => busyText;

    /// <summary>Time after which a script is taken for one that may keep the authority busy.</summary>
    public TimeSpan BusyAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A script was forwarded under a number.</summary>
    public void Begin(long request, string authority)
    {
        running[request] = (authority, time.GetTimestamp());
        if (Interlocked.Exchange(ref isLooking, 1) == 0)
            _ = LookAsync();
    }

    /// <summary>It has been answered.</summary>
    public void End(long request)
    {
        lock (gate)
        {
            running.TryRemove(request, out _);
            if (running.IsEmpty)
                busyText = null;
        }
    }

    private async Task LookAsync()
    {
        do
        {
            while (!running.IsEmpty)
            {
                await Task.Delay(GatewayLimits.ScriptLookInterval, time).ConfigureAwait(false);
                string? text = null;
                foreach (string authority in running.Values.Where(one => time.GetElapsedTime(one.Since) >= BusyAfter).Select(one => one.Authority).Distinct())
                    text ??= await AskAsync(authority).ConfigureAwait(false);
                lock (gate)
                    busyText = running.IsEmpty ? null : text;
            }

            Volatile.Write(ref isLooking, 0);
        }
        while (!running.IsEmpty && Interlocked.Exchange(ref isLooking, 1) == 0); // one began just now
    }

    // What an authority answers to PING where a script keeps it busy; else null.
    private async Task<string?> AskAsync(string authority)
    {
        using var late = new CancellationTokenSource(GatewayLimits.AskTimeout, time);
        try
        {
            Result<ICommandLink> rented = await peers.RentAsync(authority, late.Token).ConfigureAwait(false);
            if (!rented.IsOk)
                return null;
            await using ICommandLink link = rented.Value;
            CallWriter.Write(["PING"], link.Pipe.Output);
            await CallWriter.FlushAsync(link.Pipe.Output, late.Token).ConfigureAwait(false);
            var reply = new ArrayBufferWriter<byte>();
            await ReplyRelay.TakeAsync(link.Pipe.Input, reply, late.Token).ConfigureAwait(false);
            link.IsReusable = true;
            return reply.WrittenSpan.StartsWith("-BUSY "u8) ? Encoding.ASCII.GetString(reply.WrittenSpan[1..^2]) : null;
        }
        catch (Exception)
        {
            // Whatever one look meets, a bug included, it knows of no script; the next one looks again, or nobody would ever be watched any more.
            return null;
        }
    }
}
