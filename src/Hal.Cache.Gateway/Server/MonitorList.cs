using System.Text;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Server;

/// <summary>The clients that watch every command. Thread-safe; costs one read of a field while there are none.</summary>
internal sealed class MonitorList
{
    private readonly Lock gate = new();
    private volatile ClientSession[] watching = [];

    public bool IsEmpty => watching.Length == 0;

    public int Count => watching.Length;

    public void Add(ClientSession client)
    {
        lock (gate)
        {
            if (client.IsMonitor) return;
            client.IsMonitor = true;
            watching = [.. watching, client];
        }
    }

    public void Remove(ClientSession client)
    {
        if (!client.IsMonitor) return;
        lock (gate)
        {
            client.IsMonitor = false;
            watching = [.. watching.Where(other => other != client)];
        }
    }

    /// <summary>Whether they hear of a command that a client sends: scripts come before what they call.</summary>
    public static bool Wants(CommandSpec spec) => !spec.Has(CommandFlags.Admin | CommandFlags.SkipMonitor) || (!spec.Has(CommandFlags.Admin) && spec.Group == "scripting");

    /// <summary>Tells all of them of a command that is about to run; one whose outbox is full is cut.</summary>
    public void Tell(CommandContext c)
    {
        byte[] line = Line(c);
        foreach (ClientSession client in watching)
            client.Send(line, running: 0);
    }

    private static byte[] Line(CommandContext c)
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
