using System.Buffers.Binary;
using System.Text;

namespace Hal.Cache.Testing.Telemetry;

/// <summary>Reads the fields of a message in protobuf's wire format, as they come; throws <see cref="InvalidDataException"/> where it is cut.</summary>
public ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Number of the field that was read.</summary>
    public int Field { get; private set; }

    /// <summary>Its value, of a field that is a number.</summary>
    public ulong Number { get; private set; }

    /// <summary>Its bytes, of a string or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    public readonly string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>Goes to the next field; false at the end.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty) return false;
        var tag = Varint();
        Field = (int)(tag >> 3);
        Number = 0;
        Bytes = default;
        switch (tag & 7)
        {
            case 0: Number = Varint(); break;
            case 1: Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong))); break;
            case 2: Bytes = Take(checked((int)Varint())); break;
            case 5: Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint))); break;
            default: throw new InvalidDataException($"A field has the unknown wire type {tag & 7}.");
        }

        return true;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Take(1)[0];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }

        throw new InvalidDataException("A number is longer than 64 bits.");
    }

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (_rest.Length < bytes) throw new InvalidDataException("A message ends within a field.");
        var taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }
}
