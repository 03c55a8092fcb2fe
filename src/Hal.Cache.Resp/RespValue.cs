using System.Text;

namespace Hal.Cache.Resp;

/// <summary>A reply that was read: a tree of values; equal to another when all of the tree is, byte for byte.</summary>
public sealed record RespValue(RespKind Kind)
{
    /// <summary>The bytes of a string, an error or a number's text; of a verbatim string without its format.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>An integer's value, and 1 or 0 for a boolean.</summary>
    public long Number { get; init; }

    /// <summary>A double's value.</summary>
    public double Real { get; init; }

    /// <summary>The three letters of a verbatim string's format.</summary>
    public string? Format { get; init; }

    /// <summary>The values in an array, a set or a push; of a map, keys and values in turn.</summary>
    public IReadOnlyList<RespValue> Items { get; init; } = [];

    /// <summary>The attributes that preceded the reply, keys and values in turn.</summary>
    public IReadOnlyList<RespValue> Attributes { get; init; } = [];

    /// <summary>Whether the reply is an error, of either form.</summary>
    public bool IsError => Kind is RespKind.Error or RespKind.BulkError;

    /// <summary>Whether the reply is the absence of a value or of an array.</summary>
    public bool IsNull => Kind is RespKind.Null or RespKind.NullArray;

    /// <summary>The bytes as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    public bool Equals(RespValue? other) =>
        other is not null
        && Kind == other.Kind
        && Number == other.Number
        && Real.Equals(other.Real)
        && Format == other.Format
        && Bytes.Span.SequenceEqual(other.Bytes.Span)
        && Items.SequenceEqual(other.Items)
        && Attributes.SequenceEqual(other.Attributes);

    public override int GetHashCode() => HashCode.Combine(Kind, Number, Real, Bytes.Length, Items.Count);

    /// <summary>One line for a person, such as [1, "a", (error) ERR syntax error].</summary>
    public override string ToString() => Kind switch
    {
        RespKind.Null or RespKind.NullArray => "(nil)",
        RespKind.Integer => Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        RespKind.Boolean => Number != 0 ? "(true)" : "(false)",
        RespKind.Error or RespKind.BulkError => "(error) " + Text,
        RespKind.SimpleString or RespKind.Double or RespKind.BigNumber => Text,
        RespKind.Bulk or RespKind.Verbatim => '"' + Text + '"',
        RespKind.Map => '{' + string.Join(", ", Items) + '}',
        _ => '[' + string.Join(", ", Items) + ']',
    };
}
