using System.Globalization;
using System.Text;

namespace Hal.Cache.Origins;

/// <summary>Makes bytes from outside fit to stand in a one-line message.</summary>
internal static class OriginText
{
    /// <summary>Bytes of a path or setting that a message shows; the rest is cut.</summary>
    public const int ShownBytesMax = 200;

    /// <summary>The text of <paramref name="bytes"/>, with everything that could break a line or hide text written as \xNN.</summary>
    public static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(Math.Min(bytes.Length, ShownBytesMax) + 1);
        var rest = bytes;
        while (!rest.IsEmpty && bytes.Length - rest.Length < ShownBytesMax)
        {
            var valid = Rune.DecodeFromUtf8(rest, out var rune, out var taken) == System.Buffers.OperationStatus.Done;
            if (valid && IsShown(rune))
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (var each in rest[..taken])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{each:x2}");
                }
            }

            rest = rest[taken..];
        }

        return rest.IsEmpty ? text.ToString() : text.Append('…').ToString();
    }

    public static string Printable(string text) => Printable(Encoding.UTF8.GetBytes(text));

    // Format characters include the ones that turn the reading direction, with which a path can pose as another.
    private static bool IsShown(Rune rune) => Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
