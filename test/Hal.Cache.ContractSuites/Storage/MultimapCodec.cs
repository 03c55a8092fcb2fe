using System.Buffers;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ContractSuites.Storage;

/// <summary>Reads what <see cref="Multimap"/> writes, into maps that may be packed or not.</summary>
public sealed class MultimapCodec(bool packs = false) : IObjectCodec
{
    internal const byte FormatVersion = 1;

    public Result<IObjectValue> Read(BlobType type, ReadOnlySequence<byte> blob)
    {
        var reader = new SequenceReader<byte>(blob);
        var map = new Multimap { IsPackable = packs };
        if (type != BlobType.Hash || !reader.TryRead(out byte version) || version != FormatVersion || !reader.TryReadLittleEndian(out int keys))
            return Corrupt();
        for (; keys > 0; keys--)
        {
            if (!TryReadBytes(ref reader, out byte[] key) || !reader.TryReadLittleEndian(out int values))
                return Corrupt();
            for (; values > 0; values--)
            {
                if (!TryReadBytes(ref reader, out byte[] value))
                    return Corrupt();
                map.Add(Encoding.UTF8.GetString(key), value);
            }
        }

        return reader.End ? map : Corrupt();
    }

    private static bool TryReadBytes(ref SequenceReader<byte> reader, out byte[] bytes)
    {
        bytes = [];
        if (!reader.TryReadLittleEndian(out int length) || length < 0 || reader.Remaining < length)
            return false;
        bytes = new byte[length];
        reader.TryCopyTo(bytes);
        reader.Advance(length);
        return true;
    }

    private static CacheError Corrupt() => new(CacheErrorCode.Corrupt, "the bytes are no multimap");
}
