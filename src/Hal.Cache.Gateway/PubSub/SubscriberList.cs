using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>
/// The subscribers of one channel or pattern, in the order in which they came. Changed under the hub's lock, in constant time but for
/// copies whose cost the changes before them have paid; read without a lock: places already read never change but to null.
/// </summary>
internal sealed class SubscriberList
{
    /// <summary>Fewer are searched one by one.</summary>
    private const int IndexedFrom = 16;

    private Dictionary<ClientSession, int>? places;
    private volatile Places all = new([], 0);
    private volatile int count;

    /// <summary>Number of subscribers.</summary>
    public int Count => count;

    public void Add(ClientSession client)
    {
        (Listener?[] items, int used) = (all.Items, all.Used);
        if (used == items.Length) Array.Resize(ref items, Math.Max(1, used * 2));
        items[used] = new(client);
        places?.Add(client, used);
        all = new(items, used + 1);
        count++;
        if (places is null && used >= IndexedFrom) Compact();
    }

    /// <summary>False where it is none.</summary>
    public bool Remove(ClientSession client)
    {
        int place = -1;
        if (places is null) place = Array.FindIndex(all.Items, 0, all.Used, listener => listener?.Client == client);
        else if (places.Remove(client, out int found)) place = found;
        if (place < 0) return false;
        all.Items[place]!.End();
        Volatile.Write(ref all.Items[place], null);
        count--;
        if (count <= all.Used / 2) Compact();
        return true;
    }

    /// <summary>Sends a message to all; returns to how many.</summary>
    public int Send(PushText text, long running)
    {
        Places now = all;
        int sent = 0;
        for (int i = 0; i < now.Used; i++)
        {
            if (Volatile.Read(ref now.Items[i]) is not { } listener) continue;
            listener.Client.Send(text, running, listener);
            sent++;
        }

        return sent;
    }

    // Others may be reading the old places: they keep them.
    private void Compact()
    {
        var items = new Listener?[Math.Max(1, count)];
        int used = 0;
        foreach (Listener? listener in all.Items.AsSpan(0, all.Used))
        {
            if (listener is not null) items[used++] = listener;
        }

        places = used < IndexedFrom ? null : new(used);
        for (int i = 0; places is not null && i < used; i++) places.Add(items[i]!.Client, i);
        all = new(items, used);
    }

    private sealed record Places(Listener?[] Items, int Used);
}
