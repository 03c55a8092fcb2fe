using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Streams;

/// <summary>What a logged change does to a stream; numbers are part of the log's format and never change. IDs are two numbers.</summary>
internal static class StreamChange
{
    /// <summary>ID, number of fields and values, then these.</summary>
    public const ChangeKind Append = (ChangeKind)64;

    /// <summary>ID of the entry that goes.</summary>
    public const ChangeKind Delete = (ChangeKind)65;

    /// <summary>Number of entries that leave the head.</summary>
    public const ChangeKind Trim = (ChangeKind)66;

    /// <summary>Last ID, entries added, greatest deleted ID.</summary>
    public const ChangeKind SetId = (ChangeKind)67;

    /// <summary>Name of a new group, ID, entries read.</summary>
    public const ChangeKind CreateGroup = (ChangeKind)68;

    /// <summary>Name of the group that goes.</summary>
    public const ChangeKind DestroyGroup = (ChangeKind)69;

    /// <summary>Name of the group that is meant from here on.</summary>
    public const ChangeKind SelectGroup = (ChangeKind)70;

    /// <summary>Name of the consumer of that group that is meant from here on; it is made where it is missing.</summary>
    public const ChangeKind SelectConsumer = (ChangeKind)71;

    /// <summary>The group's last delivered ID, entries read.</summary>
    public const ChangeKind Position = (ChangeKind)72;

    /// <summary>The consumer's times: seen, active.</summary>
    public const ChangeKind Times = (ChangeKind)73;

    /// <summary>ID that the consumer gets, time, deliveries.</summary>
    public const ChangeKind Deliver = (ChangeKind)74;

    /// <summary>ID that the group has no longer pending.</summary>
    public const ChangeKind Acknowledge = (ChangeKind)75;

    /// <summary>The consumer goes.</summary>
    public const ChangeKind DeleteConsumer = (ChangeKind)76;

    public static void AddId(this ChangeLog log, StreamId id)
    {
        log.AddNumber((long)id.Ms);
        log.AddNumber((long)id.Seq);
    }

    public static bool TryId(this ref ChangeReader reader, out StreamId id)
    {
        id = default;
        if (!reader.TryNumber(out long ms) || !reader.TryNumber(out long seq)) return false;
        id = new((ulong)ms, (ulong)seq);
        return true;
    }
}
