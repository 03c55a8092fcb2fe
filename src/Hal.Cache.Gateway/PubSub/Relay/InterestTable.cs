using System.Collections.Concurrent;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.PubSub.Relay;

/// <summary>What is subscribed to behind one link. Changed by one thread at a time, read by any, without a lock.</summary>
internal sealed class InterestTable
{
    private readonly ConcurrentDictionary<byte[], int>[] counts = [new(ByteKeys.Comparer), new(ByteKeys.Comparer), new(ByteKeys.Comparer)];
    private volatile EventClasses events;
    private volatile bool isAll;
    private volatile bool isWhole;

    /// <summary>Classes of keyspace events that some instance there asks for.</summary>
    public EventClasses Events
    {
        get => events;
        set => events = value;
    }

    /// <summary>There are more names than are told: every message goes there.</summary>
    public bool IsAll
    {
        get => isAll;
        set => isAll = value;
    }

    /// <summary>All has been told once; until then every message goes there.</summary>
    public bool IsWhole
    {
        get => isWhole;
        set => isWhole = value;
    }

    public int NameCount => counts[0].Count + counts[1].Count + counts[2].Count;

    public ConcurrentDictionary<byte[], int> Of(SubscriptionKind kind) => counts[(int)kind];

    public int CountOf(SubscriptionKind kind, ReadOnlySpan<byte> name) =>
        counts[(int)kind].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out int count) ? count : 0;

    public void Set(in InterestItem item)
    {
        if (item.Count > 0) counts[(int)item.Kind][item.Name] = item.Count;
        else counts[(int)item.Kind].TryRemove(item.Name, out _);
    }

    /// <summary>Whether a message of a channel goes there, and how many subscriptions of those told would get it.</summary>
    public bool Wants(SubscriptionKind kind, ReadOnlySpan<byte> channel, out int receivers)
    {
        receivers = CountOf(kind, channel);
        ConcurrentDictionary<byte[], int> patterns = counts[(int)SubscriptionKind.Pattern];
        if (kind == SubscriptionKind.Channel && !patterns.IsEmpty)
        {
            foreach ((byte[] pattern, int count) in patterns)
            {
                if (GlobPattern.IsMatch(pattern, channel)) receivers += count;
            }
        }

        return receivers > 0 || isAll || !isWhole;
    }

    /// <summary>Whether a keyspace event of these classes, which name its kind of channel as well, goes there.</summary>
    public bool Wants(EventClasses classes, ReadOnlySpan<byte> channel) => classes.IsAskedBy(events) && Wants(SubscriptionKind.Channel, channel, out _);
}
