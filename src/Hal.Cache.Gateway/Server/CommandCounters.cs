using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Server;

/// <summary>Adds up what connections have counted: those of the moment, and those that have ended.</summary>
internal sealed class CommandCounters
{
    private readonly Lock gate = new();
    private ClientCounters? ended;
    private ClientCounters? reset;

    /// <summary>Removes a connection that ends, and takes over its counts.</summary>
    public void Ended(ClientRegistry clients, ClientSession client)
    {
        lock (gate)
        {
            clients.Remove(client);
            ended ??= new ClientCounters(client.Counters.Calls.Length);
            ended.Add(client.Counters);
        }
    }

    /// <summary>All counts since the start, or since the last reset.</summary>
    public ClientCounters Total(ClientRegistry clients, int commands)
    {
        lock (gate)
        {
            ClientCounters total = Sum(clients, commands);
            if (reset != null)
                total.Subtract(reset);
            return total;
        }
    }

    /// <summary>Commands, and bytes received and sent, since the start, whatever was reset.</summary>
    public (long Commands, long BytesIn, long BytesOut) Traffic(ClientRegistry clients)
    {
        lock (gate)
        {
            (long commands, long bytesIn, long bytesOut) = (ended?.Commands ?? 0, ended?.BytesIn ?? 0, ended?.BytesOut ?? 0);
            foreach (ClientSession client in clients.Counted)
                (commands, bytesIn, bytesOut) = (commands + client.Counters.Commands, bytesIn + client.Counters.BytesIn, bytesOut + client.Counters.BytesOut);
            return (commands, bytesIn, bytesOut);
        }
    }

    /// <summary>Counts from here on; connections go on counting undisturbed.</summary>
    public void Reset(ClientRegistry clients)
    {
        lock (gate)
        {
            int commands = ended?.Calls.Length ?? clients.Counted.FirstOrDefault()?.Counters.Calls.Length ?? 0;
            if (commands > 0)
                reset = Sum(clients, commands);
        }
    }

    private ClientCounters Sum(ClientRegistry clients, int commands)
    {
        var total = new ClientCounters(commands);
        if (ended != null)
            total.Add(ended);
        foreach (ClientSession client in clients.Counted)
            total.Add(client.Counters);
        return total;
    }
}
