using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Tracking;

/// <summary>
/// CLIENT TRACKING: remembers who reads what, and tells them when it changes. A message is in its receiver's outbox before the writer has
/// its reply; what a client changes itself it is told after its own reply. Thread-safe.
/// </summary>
internal sealed class TrackingTable(ClientRegistry clients)
{
    /// <summary>Keys that are forgotten in one go where there are too many.</summary>
    private const int ForgottenAtOnceMax = 10_000;

    private readonly TrackedKeys keys = new();
    private readonly BroadcastTable broadcast = new();
    private readonly Lock gate = new();
    private long keysMax = 1_000_000;
    private int tracking;
    private int readers; // connected clients that keys may be remembered of

    /// <summary>Clients that have it on.</summary>
    public int ClientCount => Volatile.Read(ref tracking);

    /// <summary>Whether changes count: somebody has it on, or has turned it off and would be told of old reads if it were turned on again.</summary>
    public bool IsNeeded => ClientCount > 0 || (Volatile.Read(ref readers) > 0 && keys.KeyCount > 0);

    public long KeyCount => keys.KeyCount;

    public long ItemCount => keys.ItemCount;

    public int PrefixCount => broadcast.PrefixCount;

    /// <summary>Keys that are remembered at most, <c>tracking-table-max-keys</c>; 0 for any number.</summary>
    public long KeysMax
    {
        get => Volatile.Read(ref keysMax);
        set
        {
            Volatile.Write(ref keysMax, value);
            MakeRoom(0);
        }
    }

    /// <summary>
    /// Asks the authority to tell of changes by prefix, in an instance that holds copies only; completes when it does. Null where every change
    /// is made here.
    /// </summary>
    public Func<IReadOnlyCollection<byte[]>, Task>? Announce { get; set; }

    /// <summary>Puts a client into a mode, which has been checked; completes when changes of the keys that it asks for by prefix are told.</summary>
    public Task Set(ClientSession client, TrackingMode mode)
    {
        TrackingMode before = client.Tracking;
        if (mode.IsOn && !mode.Broadcast && !client.HasTracked)
        {
            client.HasTracked = true;
            lock (gate) readers++;
        }

        client.Tracking = mode;
        client.RedirectIsBroken = false;
        client.Modes = mode.IsOn && !mode.Broadcast ? client.Modes | ClientModes.Tracking : client.Modes & ~ClientModes.Tracking;
        bool differs = false;
        foreach (byte[] prefix in before.Prefixes.Except(mode.Prefixes)) differs |= broadcast.Remove(client, prefix);
        foreach (byte[] prefix in mode.Prefixes.Except(before.Prefixes)) differs |= broadcast.Add(client, prefix);
        if (mode.IsOn != before.IsOn) Interlocked.Add(ref tracking, mode.IsOn ? 1 : -1);
        return differs && Announce is { } announce ? announce(broadcast.Prefixes) : Task.CompletedTask;
    }

    /// <summary>Ends a client's tracking with its connection; what was remembered goes with the last one that it may be of.</summary>
    public void Leave(ClientSession client)
    {
        _ = Set(client, TrackingMode.Off);
        if (!client.HasTracked) return;
        client.HasTracked = false;
        lock (gate)
        {
            if (--readers == 0) keys.Clear();
        }
    }

    /// <summary>Remembers the keys that the command reads; needs their locks.</summary>
    public void Remember(CommandContext c)
    {
        ulong reader = c.Client.Peer?.TracksFor ?? 0;
        if ((reader == 0 && !c.Client.Tracking.Remembers) || !c.Spec.Has(CommandFlags.ReadOnly) || c.Spec.IsKeyless) return;
        if (c.Spec.Group == "scripting") return; // what a script reads is remembered as it reads it
        Remember(c, c.Spec.Keys, reader);
        foreach (KeySpec more in c.Spec.MoreKeys) Remember(c, more, reader);
        MakeRoom(c.Client.Id);
    }

    /// <summary>Remembers the keys of a command that the authority is about to run, which tells of their changes from then on.</summary>
    public void RememberForwarded(CommandContext c)
    {
        RememberForwarded(c, c.Spec.Keys);
        foreach (KeySpec more in c.Spec.MoreKeys) RememberForwarded(c, more);
        MakeRoom(c.Client.Id);
    }

    private void RememberForwarded(CommandContext c, KeySpec spec)
    {
        if (!spec.TryRange(c, out int from, out int to)) return;
        for (int arg = from; arg <= to; arg += spec.Step) keys.Add(c.Arg(arg), c.Client.Id);
    }

    /// <summary>Tells a client after its reply that the keys which its command has read may have changed since.</summary>
    public void TellAgain(CommandContext c)
    {
        if (c.Client.Tracking is not { IsOn: true, RedirectTo: 0 } tracking || !(tracking.Broadcast || tracking.Remembers)) return;
        var read = new List<byte[]>();
        foreach (KeySpec spec in (ReadOnlySpan<KeySpec>)[c.Spec.Keys, .. c.Spec.MoreKeys])
        {
            if (!spec.TryRange(c, out int from, out int to)) continue;
            for (int arg = from; arg <= to; arg += spec.Step)
            {
                byte[] key = c.Arg(arg).ToArray();
                if (!tracking.Broadcast || tracking.Prefixes.Any(prefix => key.AsSpan().StartsWith(prefix))) read.Add(key);
            }
        }

        if (read.Count > 0) Send(c.Client, read, c.Client.Id);
    }

    // A limit that was lowered by much is not made good on the thread that polls sockets.
    private void MakeRoom(long running)
    {
        for (int taken = 0; KeysMax > 0 && keys.KeyCount > KeysMax; taken++)
        {
            if (taken == ForgottenAtOnceMax)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static table => table.MakeRoom(0), this, preferLocal: false);
                return;
            }

            if (!keys.TryTakeAny(out byte[] key, out KeyHolders holders)) return;
            Tell(key, holders, 0, running);
        }
    }

    /// <summary>Tells those who have read the key; those who asked for prefixes are told when the command ends.</summary>
    public void Invalidate(ReadOnlySpan<byte> key, long writer)
    {
        if (broadcast.PrefixCount > 0)
        {
            broadcast.Note(key, writer);
            if (writer == 0) Flush(0);
        }

        if (keys.TryTake(key, out KeyHolders holders)) Tell(key, holders, writer, writer);
    }

    /// <summary>Tells those who have read the key: what became of a copy is of no concern to those who asked for prefixes.</summary>
    public void InvalidateRemembered(ReadOnlySpan<byte> key)
    {
        if (keys.TryTake(key, out KeyHolders holders)) Tell(key, holders, 0, 0);
    }

    /// <summary>Tells of a change at another instance; those who asked for prefixes hear of it with the next <see cref="Flush"/>.</summary>
    /// <param name="writer">The client here whose command made it, 0 for none.</param>
    public void InvalidateElsewhere(ReadOnlySpan<byte> key, long writer)
    {
        if (writer != 0 && clients.Find(writer) is { } own) own.Outbox.Hold(); // its command has run: the reply is on its way
        if (broadcast.PrefixCount > 0) broadcast.Note(key, writer);
        if (keys.TryTake(key, out KeyHolders holders)) Tell(key, holders, writer, 0);
    }

    /// <summary>Tells everybody that all keys may have changed.</summary>
    public void InvalidateAll(long writer)
    {
        keys.Clear();
        foreach (ClientSession client in clients.All)
        {
            if (client.Tracking.IsOn) Send(client, null, writer);
        }
    }

    /// <summary>Whether somebody is to be told of changes by prefix.</summary>
    public bool HasChanges => broadcast.HasChanges;

    /// <summary>Tells those who asked for prefixes of what has changed.</summary>
    /// <param name="running">The client on whose behalf this thread runs, 0 for none.</param>
    public void Flush(long running)
    {
        if (broadcast.HasChanges) broadcast.Take((client, changed) => Send(client, changed, running));
    }

    private void Remember(CommandContext c, KeySpec spec, ulong reader)
    {
        if (!spec.TryRange(c, out int from, out int to)) return;
        for (int arg = from; arg <= to; arg += spec.Step)
        {
            // A value that was overtaken while it came here is out of date with its reply.
            if (reader != 0) c.Keyspace.Authority?.Track(c.Arg(arg), reader);
            else if (c.Keyspace.HearsChanges(c.Key(arg))) keys.Add(c.Arg(arg), c.Client.Id);
            else Send(c.Client, [c.Arg(arg).ToArray()], c.Client.Id);
        }
    }

    private void Tell(ReadOnlySpan<byte> key, in KeyHolders holders, long writer, long running)
    {
        byte[][]? changed = null;
        foreach (long id in holders.All())
        {
            if (clients.Find(id) is not { Tracking: { IsOn: true, Broadcast: false } mode } client || (mode.NoLoop && id == writer)) continue;
            Send(client, changed ??= [key.ToArray()], running);
        }
    }

    /// <summary>Sends a client, or whom it redirects to, the keys that changed; null stands for all.</summary>
    private void Send(ClientSession client, IReadOnlyList<byte[]>? changed, long running)
    {
        long redirectTo = client.Tracking.RedirectTo;
        if (redirectTo == 0)
        {
            client.Send(new Invalidation(changed, isRedirected: false), running);
        }
        else if (clients.Find(redirectTo) is { } target)
        {
            target.Send(new Invalidation(changed, isRedirected: true), running);
        }
        else
        {
            client.RedirectIsBroken = true;
            client.Send(new BrokenRedirect(redirectTo), running);
        }
    }
}
