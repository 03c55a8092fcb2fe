using System.Buffers.Binary;
using System.Globalization;
using Hal.Cache.Node.Streams;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Rdb;

/// <summary>Collections in Redis's RDB encodings: written as Redis 7.0 reads them, read as any Redis up to 7.4 writes them, zipmaps aside.</summary>
internal static class RdbCollections
{
    private const byte ListType = 1, SetType = 2, OldSortedSet = 3, HashType = 4, SortedSetType = 5, OldList = 10, IntegersType = 11, OldCompactSortedSet = 12;
    private const byte OldCompactHash = 13, OldQuickList = 14, CompactHash = 16, CompactSortedSet = 17, QuickList = 18, CompactSet = 20;
    private const byte EarlyTimedHash = 22, EarlyCompactTimedHash = 23, TimedHash = 24, CompactTimedHash = 25; // the early ones are of 7.4's candidates
    private const byte PlainNode = 1, PackedNode = 2;

    private const long TimeMax = (1L << 48) - 1; // of what Redis keeps as the time of a field

    public static bool IsKnown(byte type) => type is >= ListType and <= SortedSetType or (>= OldList and <= OldQuickList) or (>= CompactHash and <= QuickList) or CompactSet or (>= EarlyTimedHash and <= CompactTimedHash) || RdbStreams.IsKnown(type);

    public static void Write(ICollectionValue value, RdbWriter target)
    {
        switch (value)
        {
            case HashValue hash:
                Write(hash, target);
                break;
            case ListValue list:
                Listpack[] nodes = [.. list.Nodes()];
                target.Byte(QuickList);
                target.Length(nodes.Length);
                foreach (Listpack node in nodes)
                {
                    target.Length(PackedNode);
                    target.String(node.Span);
                }

                break;
            case SetValue set:
                Write(set, target);
                break;
            case SortedSetValue scored:
                Write(scored, target);
                break;
            case StreamValue stream:
                RdbStreams.Write(stream, target);
                break;
        }
    }

    /// <summary>Reads a collection; null where the bytes are malformed, empty, or name an element twice.</summary>
    public static ICollectionValue? Read(byte type, ReadOnlySpan<byte> body, long bytesMax, CollectionLimits limits)
    {
        ICollectionValue? value = type switch
        {
            ListType or OldQuickList or QuickList => ReadList(type, body, bytesMax, limits),
            SetType => ReadSet(body, bytesMax, limits),
            HashType => ReadHash(body, bytesMax, limits),
            EarlyTimedHash or TimedHash => ReadTimedHash(type, body, bytesMax, limits),
            EarlyCompactTimedHash or CompactTimedHash => ReadCompactTimedHash(type, body, bytesMax, limits),
            OldSortedSet or SortedSetType => ReadSortedSet(type, body, bytesMax, limits),
            _ when RdbStreams.IsKnown(type) => RdbStreams.Read(type, body, bytesMax, limits),
            _ => RdbStrings.TryRead(body, bytesMax, out byte[] packed) ? ReadPacked(type, packed, limits) : null,
        };
        return value is { IsEmpty: false } ? value : null;
    }

    private static void Write(HashValue hash, RdbWriter target)
    {
        if (hash.NextExpiry != long.MaxValue)
        {
            WriteTimed(hash, target);
            return;
        }

        target.Byte(hash.IsCompact ? CompactHash : HashType);
        if (hash.IsCompact)
        {
            target.String(hash.Compact.Span);
            return;
        }

        target.Length(hash.Count);
        HashPairCursor pairs = hash.Pairs(default);
        while (pairs.MoveNext())
        {
            target.String(pairs.Field);
            target.String(pairs.Value);
        }
    }

    /// <summary>The earliest time, then of each field its time as one more than what it is behind that, 0 for none, and the pair.</summary>
    private static void WriteTimed(HashValue hash, RdbWriter target)
    {
        long first = hash.NextExpiry;
        target.Byte(TimedHash);
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(sizeof(long)), first);
        target.Advance(sizeof(long));
        target.Length(hash.Count);
        HashPairCursor pairs = hash.Pairs(stackalloc byte[2 * Listpack.ScratchBytes]);
        while (pairs.MoveNext())
        {
            long at = hash.TimeOf(pairs.Field);
            target.Length(at == 0 ? 0 : at - first + 1);
            target.String(pairs.Field);
            target.String(pairs.Value);
        }
    }

    private static void Write(SetValue set, RdbWriter target)
    {
        target.Byte(set.Encoding == SetEncoding.Integers ? IntegersType : SetType); // 7.0 has no compact sets
        if (set.Encoding == SetEncoding.Integers)
        {
            target.String(set.Integers.Span);
            return;
        }

        target.Length(set.Count);
        SetValue.MemberCursor members = set.Members(stackalloc byte[Listpack.ScratchBytes]);
        while (members.MoveNext()) target.String(members.Current);
    }

    private static void Write(SortedSetValue set, RdbWriter target)
    {
        target.Byte(set.IsCompact ? CompactSortedSet : SortedSetType);
        if (set.IsCompact)
        {
            Listpack packed = Listpack.New();
            Span<byte> text = stackalloc byte[RedisDouble.BytesMax];
            ScoredCursor rising = set.Items(0, false, stackalloc byte[Listpack.ScratchBytes]);
            while (rising.MoveNext())
            {
                packed.Append(rising.Member);
                packed.Append(text[..RedisDouble.Format(rising.Score, text)]);
            }

            target.String(packed.Span);
            return;
        }

        // From the highest score down, so that a reader adds each at the front.
        target.Length(set.Count);
        ScoredCursor falling = set.Items(set.Count - 1, true, default);
        while (falling.MoveNext())
        {
            target.String(falling.Member);
            BinaryPrimitives.WriteDoubleLittleEndian(target.GetSpan(sizeof(double)), falling.Score);
            target.Advance(sizeof(double));
        }
    }

    private static ListValue? ReadList(byte type, ReadOnlySpan<byte> body, long bytesMax, CollectionLimits limits)
    {
        if (!RdbStrings.TryReadLength(ref body, out ulong count)) return null;
        var list = new ListValue(limits);
        for (; count > 0; count--)
        {
            ulong container = PackedNode;
            if (type == QuickList && !RdbStrings.TryReadLength(ref body, out container)) return null;
            if (!RdbStrings.TryRead(ref body, bytesMax, out byte[] bytes)) return null;
            if (type == ListType || container == PlainNode)
            {
                list.ExpectGrowth(bytes.Length, 1);
                list.PushTail(bytes, null);
                continue;
            }

            Listpack node = default;
            bool isRead = type == QuickList ? container == PackedNode && Listpack.TryRead(bytes, out node) : Ziplist.TryRead(bytes, out node);
            if (!isRead || !list.TryAppendNode(node)) return null;
        }

        list.Compacted();
        return list;
    }

    private static SetValue? ReadSet(ReadOnlySpan<byte> body, long bytesMax, CollectionLimits limits)
    {
        if (!RdbStrings.TryReadLength(ref body, out ulong count)) return null;
        var set = new SetValue(limits);
        for (; count > 0; count--)
        {
            if (!RdbStrings.TryRead(ref body, bytesMax, out byte[] member) || !set.Add(member, null)) return null;
        }

        return set;
    }

    private static HashValue? ReadHash(ReadOnlySpan<byte> body, long bytesMax, CollectionLimits limits)
    {
        if (!RdbStrings.TryReadLength(ref body, out ulong count)) return null;
        var hash = new HashValue(limits);
        for (; count > 0; count--)
        {
            if (!RdbStrings.TryRead(ref body, bytesMax, out byte[] field) || !RdbStrings.TryRead(ref body, bytesMax, out byte[] value)) return null;
            if (!hash.Set(field, value, null)) return null;
        }

        return hash;
    }

    private static HashValue? ReadTimedHash(byte type, ReadOnlySpan<byte> body, long bytesMax, CollectionLimits limits)
    {
        long first = 0;
        if (type == TimedHash && !TryReadFirst(ref body, out first)) return null;
        if (!RdbStrings.TryReadLength(ref body, out ulong count)) return null;
        var hash = new HashValue(limits);
        for (; count > 0; count--)
        {
            if (!RdbStrings.TryReadLength(ref body, out ulong time) || time > TimeMax) return null;
            if (!RdbStrings.TryRead(ref body, bytesMax, out byte[] field) || !RdbStrings.TryRead(ref body, bytesMax, out byte[] value)) return null;
            if (!hash.Set(field, value, null)) return null;
            long at = time == 0 ? 0 : type == TimedHash ? first + (long)time - 1 : (long)time;
            if (at is < 0 or > TimeMax) return null;
            if (at != 0) hash.SetTime(field, at, null);
        }

        return hash;
    }

    /// <summary>A listpack of fields, values and times, 0 for none.</summary>
    private static HashValue? ReadCompactTimedHash(byte type, ReadOnlySpan<byte> body, long bytesMax, CollectionLimits limits)
    {
        if (type == CompactTimedHash && !TryReadFirst(ref body, out _)) return null;
        if (!RdbStrings.TryRead(body, bytesMax, out byte[] bytes) || !Listpack.TryRead(bytes, out Listpack packed) || packed.Count % 3 != 0) return null;
        var hash = new HashValue(limits);
        Span<byte> scratch = stackalloc byte[2 * Listpack.ScratchBytes];
        for (int at = packed.First; at >= 0; at = packed.Next(at))
        {
            ReadOnlySpan<byte> field = packed.Get(at, scratch);
            at = packed.Next(at);
            if (!hash.Set(field, packed.Get(at, scratch[Listpack.ScratchBytes..]), null)) return null;
            at = packed.Next(at);
            if (!packed.TryGetInteger(at, out long time) || time is < 0 or > TimeMax) return null;
            if (time != 0) hash.SetTime(field, time, null);
        }

        return hash;
    }

    private static bool TryReadFirst(ref ReadOnlySpan<byte> body, out long first)
    {
        if (!BinaryPrimitives.TryReadInt64LittleEndian(body, out first) || first < 0) return false;
        body = body[sizeof(long)..];
        return true;
    }

    private static SortedSetValue? ReadSortedSet(byte type, ReadOnlySpan<byte> body, long bytesMax, CollectionLimits limits)
    {
        if (!RdbStrings.TryReadLength(ref body, out ulong count)) return null;
        var set = new SortedSetValue(limits);
        set.Expand(); // it becomes compact at its end, where it fits
        for (; count > 0; count--)
        {
            if (!RdbStrings.TryRead(ref body, bytesMax, out byte[] member)) return null;
            double score;
            if (type == SortedSetType)
            {
                if (!BinaryPrimitives.TryReadDoubleLittleEndian(body, out score)) return null;
                body = body[sizeof(double)..];
            }
            else if (!TryReadOldScore(ref body, out score))
            {
                return null;
            }

            if (double.IsNaN(score) || !set.Set(member, score, null)) return null;
        }

        set.TryCompact();
        return set;
    }

    // A length byte before the text, or one of three that stand for what is no number.
    private static bool TryReadOldScore(ref ReadOnlySpan<byte> body, out double score)
    {
        score = double.NaN;
        if (body.IsEmpty) return false;
        int length = body[0];
        body = body[1..];
        if (length >= 253)
        {
            score = length switch { 254 => double.PositiveInfinity, 255 => double.NegativeInfinity, _ => double.NaN };
            return true;
        }

        if (length > body.Length || !double.TryParse(body[..length], NumberStyles.Float, CultureInfo.InvariantCulture, out score)) return false;
        body = body[length..];
        return true;
    }

    private static ICollectionValue? ReadPacked(byte type, byte[] bytes, CollectionLimits limits)
    {
        if (type == IntegersType) return IntegerSet.TryRead(bytes, out IntegerSet integers) ? SetValue.FromIntegers(limits, integers) : null;
        bool isOld = type is OldList or OldCompactHash or OldCompactSortedSet;
        if (!(isOld ? Ziplist.TryRead(bytes, out Listpack packed) : Listpack.TryRead(bytes, out packed))) return null;
        switch (type)
        {
            case CompactHash or OldCompactHash:
                return HashValue.FromListpack(limits, packed);
            case OldList:
                var list = new ListValue(limits);
                if (!list.TryAppendNode(packed)) return null;
                list.Compacted();
                return list;
            case CompactSet:
                var set = new SetValue(limits);
                return Each(packed, element => set.Add(element, null)) ? set : null;
            default:
                return ReadScores(packed, limits);
        }
    }

    private static SortedSetValue? ReadScores(in Listpack packed, CollectionLimits limits)
    {
        if ((packed.Count & 1) != 0) return null;
        var set = new SortedSetValue(limits);
        byte[]? member = null;
        bool isRead = Each(packed, element =>
        {
            if (member is null)
            {
                member = element;
                return true;
            }

            bool isNew = RedisDouble.TryParse(element, out double score) && !double.IsNaN(score) && set.Set(member, score, null);
            member = null;
            return isNew;
        });
        return isRead ? set : null;
    }

    private static bool Each(in Listpack packed, Func<byte[], bool> visit)
    {
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        for (int at = packed.First; at >= 0; at = packed.Next(at))
        {
            if (!visit(packed.Get(at, scratch).ToArray())) return false;
        }

        return true;
    }
}
