using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Server;

/// <summary>Adds up what connections have counted: those of the moment, and those that have ended.</summary>
internal sealed class CommandCounters
{
    private readonly Lock gate = new();
    private ClientCounters? ended;
    private ClientCounters? reset;

    /// <summary>Takes over the counts of a connection that ends.</summary>
    public void Ended(ClientCounters counters)
    {
        lock (gate)
        {
            ended ??= new ClientCounters(counters.Calls.Length);
            ended.Add(counters);
        }
    }

    /// <summary>All counts since the start, or since the last reset.</summary>
    public ClientCounters Total(IEnumerable<ClientSession> clients, int commands)
    {
        lock (gate)
        {
            ClientCounters total = Sum(clients, commands);
            if (reset != null)
                total.Subtract(reset);
            return total;
        }
    }

    /// <summary>Counts from here on; connections go on counting undisturbed.</summary>
    public void Reset(IEnumerable<ClientSession> clients)
    {
        lock (gate)
        {
            int commands = ended?.Calls.Length ?? clients.FirstOrDefault()?.Counters.Calls.Length ?? 0;
            if (commands > 0)
                reset = Sum(clients, commands);
        }
    }

    private ClientCounters Sum(IEnumerable<ClientSession> clients, int commands)
    {
        var total = new ClientCounters(commands);
        if (ended != null)
            total.Add(ended);
        foreach (ClientSession client in clients)
            total.Add(client.Counters);
        return total;
    }
}
