using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Hal.Cache.Contracts.ControlPlane;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace Hal.Cache.ControlPlane.Orleans.Serialization;

/// <summary>Keys as one block: their number, for each its length and database, then all bytes; read, they share the block's one array.</summary>
internal sealed class KeyArrayCodec : IFieldCodec<CacheKey[]>
{
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, [AllowNull] Type expectedType, [AllowNull] CacheKey[] value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (value is null)
        {
            ReferenceCodec.WriteNullReference(ref writer, fieldIdDelta);
            return;
        }
        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(CacheKey[]), WireType.LengthPrefixed);
        var block = Pack(value);
        writer.WriteVarUInt32((uint)block.Length);
        writer.Write(block);
    }

    [return: MaybeNull]
    public CacheKey[] ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference) return ReferenceCodec.ReadReference<CacheKey[], TInput>(ref reader, field);
        field.EnsureWireType(WireType.LengthPrefixed);
        ReferenceCodec.MarkValueField(reader.Session);
        return Unpack(reader.ReadBytes(reader.ReadVarUInt32()));
    }

    internal static byte[] Pack(ReadOnlySpan<CacheKey> keys)
    {
        var head = sizeof(int) * (1 + (2 * keys.Length));
        var bytes = 0;
        foreach (var key in keys) bytes += key.Bytes.Length;
        var block = new byte[head + bytes];
        BitConverter.TryWriteBytes(block, keys.Length);
        for (int i = 0, at = head; i < keys.Length; at += keys[i++].Bytes.Length)
        {
            BitConverter.TryWriteBytes(block.AsSpan(sizeof(int) * (1 + (2 * i))), keys[i].Bytes.Length);
            BitConverter.TryWriteBytes(block.AsSpan(sizeof(int) * (2 + (2 * i))), keys[i].Database);
            keys[i].Span.CopyTo(block.AsSpan(at));
        }
        return block;
    }

    internal static CacheKey[] Unpack(byte[] block)
    {
        var count = BitConverter.ToInt32(block);
        if (count < 0 || count > block.Length / (2 * sizeof(int))) throw new InvalidDataException($"a block of {block.Length} bytes can't have {count} keys");
        var keys = new CacheKey[count];
        for (int i = 0, at = sizeof(int) * (1 + (2 * count)); i < count; i++)
        {
            var length = BitConverter.ToInt32(block, sizeof(int) * (1 + (2 * i)));
            keys[i] = new CacheKey(block.AsMemory(at, length), BitConverter.ToInt32(block, sizeof(int) * (2 + (2 * i))));
            at += length;
        }
        return keys;
    }
}
