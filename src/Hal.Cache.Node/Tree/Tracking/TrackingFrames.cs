namespace Hal.Cache.Node.Tree.Tracking;

/// <summary>
/// Frames about tracked keys, on the channel of coherence, so that they keep their order with invalidations: a byte that says which, then
/// its fields. Their numbers are above those of coherence messages, part of the peer protocol, and never change.
/// </summary>
internal static class TrackingFrames
{
    private const byte Prefixes = 32;
    private const byte PrefixesKnown = 33;
    private const byte Notices = 34;
    private const int PrefixBytesMin = 4;
    private const int NoticeBytesMin = 12;

    public enum Kind
    {
        /// <summary>None of these.</summary>
        Other,
        Prefixes,
        PrefixesKnown,
        Notices,
    }

    public static Kind KindOf(ReadOnlySpan<byte> frame) => frame.IsEmpty ? Kind.Other : frame[0] switch
    {
        Prefixes => Kind.Prefixes,
        PrefixesKnown => Kind.PrefixesKnown,
        Notices => Kind.Notices,
        _ => Kind.Other,
    };

    /// <summary>An instance asks to hear of every change of a key with one of these prefixes, and of no others by prefix any more.</summary>
    public static void WritePrefixes(FrameWriter to, ulong instance, uint number, IReadOnlyCollection<byte[]> prefixes)
    {
        to.Clear();
        to.Byte(Prefixes);
        to.UInt64(instance);
        to.UInt32(number);
        to.UInt32((uint)prefixes.Count);
        foreach (byte[] prefix in prefixes)
            to.Bytes(prefix);
    }

    public static (ulong Instance, uint Number, byte[][] Prefixes) ReadPrefixes(ReadOnlySpan<byte> frame)
    {
        var from = new FrameReader(frame);
        from.Byte();
        ulong instance = from.UInt64();
        uint number = from.UInt32();
        var prefixes = new byte[from.Count(PrefixBytesMin)][];
        for (int i = 0; i < prefixes.Length; i++)
            prefixes[i] = from.Bytes().ToArray();
        return (instance, number, prefixes);
    }

    /// <summary>What was asked for under a number is done from now on.</summary>
    public static void WritePrefixesKnown(FrameWriter to, uint number)
    {
        to.Clear();
        to.Byte(PrefixesKnown);
        to.UInt32(number);
    }

    public static uint ReadPrefixesKnown(ReadOnlySpan<byte> frame)
    {
        var from = new FrameReader(frame);
        from.Byte();
        return from.UInt32();
    }

    /// <summary>Begins a frame of so many notices, each added by <see cref="Add"/>.</summary>
    public static void BeginNotices(FrameWriter to, int count)
    {
        to.Clear();
        to.Byte(Notices);
        to.UInt32((uint)count);
    }

    public static void Add(FrameWriter to, in KeyNotice notice)
    {
        to.Int64(notice.Request);
        to.Bytes(notice.Key);
    }

    /// <summary>Hands the notices of a frame to a tracker.</summary>
    public static void Tell(ReadOnlySpan<byte> frame, IKeyTracker tracker)
    {
        var from = new FrameReader(frame);
        from.Byte();
        for (int left = from.Count(NoticeBytesMin); left > 0; left--)
        {
            long request = from.Int64();
            tracker.Noticed(from.Bytes(), request);
        }

        tracker.NoticesEnded();
    }
}
