using System.Collections.Concurrent;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>
/// Who is subscribed to what. Publishing reads lists without a lock; a message goes into
/// each receiver's outbox, and one that does not read its messages in time is cut.
/// </summary>
internal sealed class ChannelHub
{
    private static readonly byte[] Message = "message"u8.ToArray();
    private static readonly byte[] PatternMessage = "pmessage"u8.ToArray();
    private static readonly byte[] ShardMessage = "smessage"u8.ToArray();

    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<byte[], SubscriberList>[] tables = [new(ByteKeys.Comparer), new(ByteKeys.Comparer), new(ByteKeys.Comparer)];

    public int PatternCount => tables[(int)SubscriptionKind.Pattern].Count;

    public int CountOf(SubscriptionKind kind) => tables[(int)kind].Count;

    /// <summary>Whether a message could reach anybody.</summary>
    public bool IsEmpty => tables[(int)SubscriptionKind.Channel].IsEmpty && tables[(int)SubscriptionKind.Pattern].IsEmpty;

    /// <summary>Told of each channel and pattern whose number of subscribers has changed, after it has.</summary>
    public Action<SubscriptionKind, byte[]>? Changed { get; set; }

    public void Subscribe(ClientSession client, SubscriptionKind kind, byte[] name)
    {
        lock (gate)
        {
            if (!tables[(int)kind].TryGetValue(name, out SubscriberList? list)) tables[(int)kind][name] = list = new();
            list.Add(client);
        }

        Changed?.Invoke(kind, name);
    }

    public void Unsubscribe(ClientSession client, SubscriptionKind kind, byte[] name)
    {
        lock (gate)
        {
            if (!tables[(int)kind].TryGetValue(name, out SubscriberList? list) || !list.Remove(client)) return;
            if (list.Count == 0) tables[(int)kind].TryRemove(name, out _);
        }

        Changed?.Invoke(kind, name);
    }

    /// <summary>Sends a message to a channel's subscribers, then to those of patterns that match it; returns how many times it was sent.</summary>
    /// <param name="running">The client on whose behalf this thread runs, 0 for none.</param>
    public int Publish(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message, long running)
    {
        int sent = 0;
        if (tables[(int)SubscriptionKind.Channel].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(channel, out SubscriberList? clients))
            sent = clients.Send(new PushText(Message, channel.ToArray(), message.ToArray()), running);
        ConcurrentDictionary<byte[], SubscriberList> patterns = tables[(int)SubscriptionKind.Pattern];
        if (patterns.IsEmpty) return sent;
        foreach ((byte[] pattern, SubscriberList matching) in patterns)
        {
            if (GlobPattern.IsMatch(pattern, channel)) sent += matching.Send(new PushText(PatternMessage, pattern, channel.ToArray(), message.ToArray()), running);
        }

        return sent;
    }

    /// <summary>Sends a message to a channel's own subscribers, and to no pattern's.</summary>
    public void Tell(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        if (tables[(int)SubscriptionKind.Channel].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(channel, out SubscriberList? clients))
            clients.Send(new PushText(Message, channel.ToArray(), message.ToArray()), running: 0);
    }

    /// <summary>Sends a message to a shard channel's subscribers; returns how many there were.</summary>
    public int PublishShard(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message, long running) =>
        tables[(int)SubscriptionKind.ShardChannel].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(channel, out SubscriberList? clients)
            ? clients.Send(new PushText(ShardMessage, channel.ToArray(), message.ToArray()), running)
            : 0;

    /// <summary>Names of channels that have subscribers and match a pattern, null for all.</summary>
    public List<byte[]> Names(SubscriptionKind kind, byte[]? pattern) =>
        [.. tables[(int)kind].Keys.Where(name => pattern is null || GlobPattern.IsMatch(pattern, name))];

    public int SubscriberCount(SubscriptionKind kind, ReadOnlySpan<byte> name) =>
        tables[(int)kind].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out SubscriberList? clients) ? clients.Count : 0;

    /// <summary>Ends all subscriptions of a client that goes.</summary>
    public void Remove(ClientSession client)
    {
        if (client.Subscriptions is not { } subscriptions) return;
        foreach (SubscriptionKind kind in Enum.GetValues<SubscriptionKind>())
        {
            foreach (byte[] name in subscriptions.Of(kind)) Unsubscribe(client, kind, name);
            subscriptions.Clear(kind);
        }
    }
}
