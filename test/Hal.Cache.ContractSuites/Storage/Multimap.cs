using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ContractSuites.Storage;

/// <summary>An object for tests of stores: an ordered multimap whose changes depend on what was there before, so that none may be lost or made twice.</summary>
public sealed class Multimap : IObjectValue
{
    private const int NodeBytes = 120;
    private const byte Appends = 1;
    private const byte Removes = 2;

    private readonly SortedDictionary<string, List<byte[]>> items = new(StringComparer.Ordinal);

    public BlobType Type => BlobType.Hash;

    public long MemoryBytes { get; private set; } = NodeBytes;

    public bool IsPackable { get; init; }

    public int Count => items.Count;

    /// <summary>How often <see cref="Free"/> was called.</summary>
    public int Freed { get; private set; }

    /// <summary>Called in the middle of each <see cref="Write"/>.</summary>
    public Action? Writing { get; set; }

    public static byte[] Append(string key, ReadOnlySpan<byte> value) => Encode(Appends, key, value);

    public static byte[] Remove(string key) => Encode(Removes, key, default);

    public IReadOnlyList<byte[]> this[string key] => items.GetValueOrDefault(key) ?? [];

    public string AnyKey(Random random) => items.Keys.ElementAt(random.Next(items.Count));

    public bool TryApply(ReadOnlySpan<byte> change)
    {
        if (change.Length < 3 || change.Length < 3 + BinaryPrimitives.ReadUInt16LittleEndian(change[1..]))
            return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(change[1..]);
        string key = Encoding.UTF8.GetString(change.Slice(3, length));
        switch (change[0])
        {
            case Appends:
                Add(key, change[(3 + length)..].ToArray());
                return true;
            case Removes when items.Remove(key, out List<byte[]>? gone):
                foreach (byte[] value in gone)
                    MemoryBytes -= NodeBytes + value.Length;
                return true;
            default:
                return false;
        }
    }

    public void Write(IBufferWriter<byte> destination)
    {
        destination.GetSpan(1)[0] = MultimapCodec.FormatVersion;
        destination.Advance(1);
        WriteInt32(destination, items.Count);
        Writing?.Invoke();
        foreach ((string key, List<byte[]> values) in items)
        {
            WriteBytes(destination, Encoding.UTF8.GetBytes(key));
            WriteInt32(destination, values.Count);
            foreach (byte[] value in values)
                WriteBytes(destination, value);
        }
    }

    public void Free() => Freed++;

    /// <summary>Whether both hold the same values in the same order.</summary>
    public bool IsSame(Multimap other)
    {
        using var mine = new MemoryStream();
        using var theirs = new MemoryStream();
        Dump(mine);
        other.Dump(theirs);
        return mine.ToArray().AsSpan().SequenceEqual(theirs.ToArray());
    }

    internal void Add(string key, byte[] value)
    {
        if (!items.TryGetValue(key, out List<byte[]>? values))
            items[key] = values = [];
        values.Add(value);
        MemoryBytes += NodeBytes + value.Length;
    }

    private void Dump(Stream to)
    {
        var writer = new ArrayBufferWriter<byte>();
        Write(writer);
        to.Write(writer.WrittenSpan);
    }

    private static byte[] Encode(byte kind, string key, ReadOnlySpan<byte> value)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        var change = new byte[3 + name.Length + value.Length];
        change[0] = kind;
        BinaryPrimitives.WriteUInt16LittleEndian(change.AsSpan(1), (ushort)name.Length);
        name.CopyTo(change, 3);
        value.CopyTo(change.AsSpan(3 + name.Length));
        return change;
    }

    private static void WriteInt32(IBufferWriter<byte> destination, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination.GetSpan(sizeof(int)), value);
        destination.Advance(sizeof(int));
    }

    private static void WriteBytes(IBufferWriter<byte> destination, ReadOnlySpan<byte> bytes)
    {
        WriteInt32(destination, bytes.Length);
        destination.Write(bytes);
    }
}
