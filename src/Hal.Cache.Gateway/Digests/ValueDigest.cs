using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Streams;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Digests;

/// <summary>DEBUG DIGEST's twenty bytes, computed as Redis does, so that the data of both can be compared. Not thread-safe.</summary>
[SuppressMessage("Security", "CA5350", Justification = "Redis's digests are of SHA-1; nothing is secured by them.")]
internal sealed class ValueDigest
{
    private const int Bytes = 20;

    private readonly byte[] digest = new byte[Bytes];

    /// <summary>In lower hexadecimal digits.</summary>
    public string Text => Convert.ToHexStringLower(digest);

    /// <summary>Adds something whose order does not matter.</summary>
    public void Add(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        SHA1.HashData(data, hash);
        AddHash(hash);
    }

    public void Add(ValueDigest other) => Add(other.digest);

    /// <summary>Adds something whose order matters.</summary>
    public void Mix(ReadOnlySpan<byte> data)
    {
        Add(data);
        SHA1.HashData(digest, digest);
    }

    /// <summary>The same for what was hashed in pieces.</summary>
    public void MixHash(ReadOnlySpan<byte> hash)
    {
        AddHash(hash);
        SHA1.HashData(digest, digest);
    }

    /// <summary>Adds a number of a database, or of a type.</summary>
    public void Mix(int number) => Mix([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);

    /// <summary>Adds a type as Redis numbers it.</summary>
    public void Mix(BlobType type) => Mix(type switch
    {
        BlobType.String => 0, BlobType.List => 1, BlobType.Set => 2, BlobType.SortedSet => 3, BlobType.Hash => 4, _ => 6,
    });

    /// <summary>Adds that the key expires, whenever that is.</summary>
    public void AddExpiry() => Add("!!expire!!"u8);

    /// <summary>Adds the elements of a collection.</summary>
    public void Add(ICollectionValue value)
    {
        switch (value)
        {
            case ListValue list: Add(list); break;
            case SetValue set: Add(set); break;
            case SortedSetValue scored: Add(scored); break;
            case HashValue hash: Add(hash); break;
            case StreamValue stream: Add(stream); break;
        }
    }

    private void Add(ListValue list)
    {
        ListItemCursor items = list.Items(0, false, stackalloc byte[Listpack.ScratchBytes]);
        while (items.MoveNext()) Mix(items.Current);
    }

    private void Add(SetValue set)
    {
        SetValue.MemberCursor members = set.Members(stackalloc byte[Listpack.ScratchBytes]);
        while (members.MoveNext()) Add(members.Current);
    }

    private void Add(SortedSetValue set)
    {
        ScoredCursor rising = set.Items(0, false, stackalloc byte[Listpack.ScratchBytes]);
        while (rising.MoveNext())
        {
            var element = new ValueDigest();
            element.Mix(rising.Member);
            element.Mix(Score(rising.Score));
            Add(element);
        }
    }

    private void Add(HashValue hash)
    {
        HashPairCursor pairs = hash.Pairs(stackalloc byte[2 * Listpack.ScratchBytes]);
        while (pairs.MoveNext())
        {
            var element = new ValueDigest();
            element.Mix(pairs.Field);
            element.Mix(pairs.Value);
            Add(element);
        }
    }

    private void Add(StreamValue stream)
    {
        StreamCursor entries = stream.Entries(default, StreamId.Max, false, stackalloc byte[StreamCursor.ScratchBytes]);
        Span<byte> id = stackalloc byte[StreamId.TextBytesMax];
        while (entries.MoveNext())
        {
            int length = entries.Id.Format(id);
            id.Replace((byte)'-', (byte)'.');
            Mix(id[..length]);
            while (entries.MoveNextField(out ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value))
            {
                Mix(field);
                Mix(value);
            }
        }
    }

    // C's "%.17g".
    private static byte[] Score(double score) => Encoding.ASCII.GetBytes(
        double.IsInfinity(score) ? score > 0 ? "inf" : "-inf" : score.ToString("G17", CultureInfo.InvariantCulture).Replace('E', 'e'));

    private void AddHash(ReadOnlySpan<byte> hash)
    {
        for (int i = 0; i < Bytes; i++) digest[i] ^= hash[i];
    }
}
