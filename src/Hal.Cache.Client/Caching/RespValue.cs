using System.Globalization;
using System.Text;

namespace Hal.Cache.Client.Caching;

/// <summary>A reply: an array's items, a text's or number's bytes, or neither for null; an error has <see cref="IsError"/>.</summary>
internal readonly record struct RespValue(byte[]? Bytes, RespValue[]? Items, bool IsError)
{
    public string Text => Bytes is null ? "" : Encoding.UTF8.GetString(Bytes);

    /// <summary>The number that the bytes write, or the preset where they write none.</summary>
    public long Number(long preset) => Bytes is not null && long.TryParse(Bytes, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : preset;
}
