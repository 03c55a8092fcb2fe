using System.Text;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Server;

/// <summary>The clients that watch every command. Thread-safe; costs one read of a field while there are none.</summary>
internal sealed class MonitorList
{
    private readonly Lock gate = new();
    private volatile Listener[] watching = [];

    public bool IsEmpty => watching.Length == 0;

    public int Count => watching.Length;

    public void Add(ClientSession client)
    {
        lock (gate)
        {
            if (client.IsMonitor) return;
            client.IsMonitor = true;
            watching = [.. watching, new(client)];
        }
    }

    public void Remove(ClientSession client)
    {
        if (!client.IsMonitor) return;
        lock (gate)
        {
            client.IsMonitor = false;
            foreach (Listener listener in watching)
            {
                if (listener.Client == client) listener.End();
            }

            watching = [.. watching.Where(listener => !listener.IsOver)];
        }
    }

    /// <summary>Tells all of them of a command that is about to run, unless it is one that monitors are not shown.</summary>
    public void TellStart(CommandContext c)
    {
        if (IsShown(c.Spec)) Tell(Line(c));
    }

    /// <summary>Tells all of them of what a script of this instance's client called at the authority.</summary>
    public void TellForwarded(ReadOnlySpan<byte> line) => Tell(line);

    /// <summary>
    /// Whether monitors are shown the command as it begins, which EXEC is not: it follows what it runs. What runs scripts has SKIP_MONITOR in Redis only because it shows itself, ahead of the
    /// script's commands.
    /// </summary>
    public static bool IsShown(CommandSpec spec) =>
        !spec.Has(CommandFlags.Admin) && spec.Name != "exec" && (!spec.Has(CommandFlags.SkipMonitor) || Peers.CommandRouting.IsScripting(spec));

    /// <summary>Tells all of them of EXEC, which follows the commands that it ran.</summary>
    public void TellEnd(CommandContext c)
    {
        if (!IsEmpty && c.Spec.Name == "exec") Tell(Line(c));
    }

    // One whose outbox is full is cut.
    private void Tell(ReadOnlySpan<byte> line)
    {
        foreach (Listener listener in watching)
            listener.Client.Send(line, listener);
    }

    /// <summary>The line that shows a command which is about to run.</summary>
    public static byte[] Line(CommandContext c)
    {
        long micros = (c.Server.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var line = new StringBuilder();
        line.Append(System.Globalization.CultureInfo.InvariantCulture, $"+{micros / 1_000_000}.{micros % 1_000_000:D6} [{c.Client.Database} {(c.IsInScript ? "lua" : c.Client.Remote)}]");
        for (int i = 0; i < c.Count; i++)
        {
            line.Append(' ');
            if (Secrets.Holds(c, i)) Quoted.Append(line, Secrets.Shown);
            else if (c.IsLarge(i)) line.Append(System.Globalization.CultureInfo.InvariantCulture, $"\"({c.ArgLength(i)} bytes)\"");
            else Quoted.Append(line, c.Arg(i));
        }

        return Encoding.Latin1.GetBytes(line.Append("\r\n").ToString());
    }
}
