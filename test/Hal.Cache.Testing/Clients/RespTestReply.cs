using System.Globalization;
using System.Text;

namespace Hal.Cache.Testing.Clients;

/// <summary>One reply as it came over the wire: RESP type byte, text or bytes, or items.</summary>
public sealed class RespTestReply
{
    private const int PrintedBytesMax = 200;
    private const int PrintedItemsMax = 20;

    public RespTestReply(char type, byte[]? bytes, IReadOnlyList<RespTestReply>? items)
    {
        Type = type;
        Bytes = bytes;
        Items = items;
    }

    /// <summary>The type byte: <c>+ - : $ * _ , # ( = ! % ~ &gt; |</c>.</summary>
    public char Type { get; }

    /// <summary>The line of a simple type, the body of a bulk type; null for a null and for an aggregate.</summary>
    public byte[]? Bytes { get; }

    /// <summary>The items of an aggregate, a map's keys and values in turn; null for anything else.</summary>
    public IReadOnlyList<RespTestReply>? Items { get; }

    public bool IsError => Type is '-' or '!';

    public bool IsNull => Bytes is null && Items is null;

    /// <summary>The bytes as text, one character a byte.</summary>
    public string Text => Bytes is null ? "" : Encoding.Latin1.GetString(Bytes);

    /// <summary>The value of an integer reply; throws <see cref="FormatException"/> for another type.</summary>
    public long Number => Type == ':' ? long.Parse(Text, CultureInfo.InvariantCulture) : throw new FormatException($"{this} is not an integer.");

    /// <summary>The reply as a person reads it: bytes escaped; bytes after 200 and items after 20 are cut.</summary>
    public override string ToString()
    {
        if (Items is not null)
        {
            var more = Items.Count > PrintedItemsMax ? string.Create(CultureInfo.InvariantCulture, $", ...({Items.Count} items)") : "";
            return Type + "[" + string.Join(", ", Items.Take(PrintedItemsMax)) + more + "]";
        }

        if (Bytes is null) return Type + "(null)";
        return Type is '$' or '=' or '!' ? Type + "\"" + Printable(Bytes) + "\"" : Type + Printable(Bytes);
    }

    /// <summary>Bytes as text with escapes, cut after 200 bytes.</summary>
    public static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var b in bytes[..Math.Min(bytes.Length, PrintedBytesMax)])
        {
            if (b == '\r') text.Append("\\r");
            else if (b == '\n') text.Append("\\n");
            else if (b is < 32 or > 126 or (byte)'\\' or (byte)'"') text.Append("\\x").Append(b.ToString("x2", CultureInfo.InvariantCulture));
            else text.Append((char)b);
        }

        if (bytes.Length > PrintedBytesMax) text.Append(CultureInfo.InvariantCulture, $"...({bytes.Length} bytes)");
        return text.ToString();
    }
}
