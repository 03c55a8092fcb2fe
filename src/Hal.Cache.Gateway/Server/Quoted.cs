using System.Globalization;
using System.Text;

namespace Hal.Cache.Gateway.Server;

/// <summary>Bytes as a text in quotes that a line may hold, with C's escapes.</summary>
internal static class Quoted
{
    public static void Append(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        text.Append('"');
        foreach (byte b in bytes)
        {
            switch (b)
            {
                case (byte)'\\' or (byte)'"':
                    text.Append('\\').Append((char)b);
                    break;
                case (byte)'\n':
                    text.Append("\\n");
                    break;
                case (byte)'\r':
                    text.Append("\\r");
                    break;
                case (byte)'\t':
                    text.Append("\\t");
                    break;
                case (byte)'\a':
                    text.Append("\\a");
                    break;
                case (byte)'\b':
                    text.Append("\\b");
                    break;
                case >= 0x20 and < 0x7F:
                    text.Append((char)b);
                    break;
                default:
                    text.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
                    break;
            }
        }

        text.Append('"');
    }
}
