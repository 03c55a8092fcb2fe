using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.PubSub.Relay;

/// <summary>
/// What instances send each other on a link for messages: a byte that says which, then its fields, little-endian. The numbers of frames are
/// part of the peer protocol and never change.
/// </summary>
internal static class RelayFrames
{
    private const int ItemBytesMin = 9;

    public enum Kind : byte
    {
        Interest = 1,
        InterestKnown = 2,
        Message = 3,
        SignOfLife = 4,
    }

    [Flags]
    public enum InterestFlags : byte
    {
        None = 0,

        /// <summary>More names than are told.</summary>
        All = 1,

        /// <summary>With this frame all is told.</summary>
        Whole = 2,
    }

    public static Kind KindOf(ReadOnlySpan<byte> frame) => (Kind)new FrameReader(frame).Byte();

    public static void WriteInterest(FrameWriter to, uint number, InterestFlags flags, EventClasses events, ReadOnlySpan<InterestItem> items)
    {
        to.Clear();
        to.Byte((byte)Kind.Interest);
        to.UInt32(number);
        to.Byte((byte)flags);
        to.UInt32((uint)events);
        to.UInt32((uint)items.Length);
        foreach (InterestItem item in items)
        {
            to.Byte((byte)item.Kind);
            to.UInt32((uint)item.Count);
            to.Bytes(item.Name);
        }
    }

    public static (uint Number, InterestFlags Flags, EventClasses Events, InterestItem[] Items) ReadInterest(ReadOnlySpan<byte> frame)
    {
        var from = new FrameReader(frame);
        from.Byte();
        uint number = from.UInt32();
        var flags = (InterestFlags)from.Byte();
        var events = (EventClasses)from.UInt32();
        var items = new InterestItem[from.Count(ItemBytesMin)];
        for (int i = 0; i < items.Length; i++)
        {
            byte kind = from.Byte();
            if (kind > (byte)SubscriptionKind.ShardChannel) throw new InvalidDataException($"A subscription has the unknown kind {kind}.");
            uint count = from.UInt32();
            items[i] = new((SubscriptionKind)kind, from.Bytes().ToArray(), (int)Math.Min(count, int.MaxValue));
        }

        return (number, flags, events, items);
    }

    public static void WriteKnown(FrameWriter to, uint number)
    {
        to.Clear();
        to.Byte((byte)Kind.InterestKnown);
        to.UInt32(number);
    }

    public static uint ReadKnown(ReadOnlySpan<byte> frame)
    {
        var from = new FrameReader(frame);
        from.Byte();
        return from.UInt32();
    }

    public static void WriteSignOfLife(FrameWriter to)
    {
        to.Clear();
        to.Byte((byte)Kind.SignOfLife);
    }

    /// <summary>A message; classes other than None make it a keyspace event.</summary>
    public static void WriteMessage(FrameWriter to, SubscriptionKind kind, EventClasses classes, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        to.Clear();
        to.Byte((byte)Kind.Message);
        to.Byte((byte)kind);
        to.UInt32((uint)classes);
        to.Bytes(channel);
        to.Bytes(message);
    }

    /// <summary>Reads a message; its channel and text lie in the frame.</summary>
    public static void ReadMessage(
        ReadOnlySpan<byte> frame, out SubscriptionKind kind, out EventClasses classes, out ReadOnlySpan<byte> channel, out ReadOnlySpan<byte> message)
    {
        var from = new FrameReader(frame);
        from.Byte();
        kind = from.Byte() == (byte)SubscriptionKind.ShardChannel ? SubscriptionKind.ShardChannel : SubscriptionKind.Channel;
        classes = (EventClasses)from.UInt32();
        channel = from.Bytes();
        message = from.Bytes();
    }
}
