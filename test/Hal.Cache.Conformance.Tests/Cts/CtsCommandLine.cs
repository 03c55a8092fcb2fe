using System.Globalization;
using System.Text;

namespace Hal.Cache.Conformance.Tests.Cts;

/// <summary>Splits a case's command into arguments: at spaces outside double quotes, after escapes where the case is binary.</summary>
internal static class CtsCommandLine
{
    private const string Escaped = "\\\"nrtab";
    private const string Meant = "\\\"\n\r\t\a\b";

    /// <summary>The arguments as bytes. In a binary case a character is a byte; otherwise text is UTF-8.</summary>
    public static byte[][] Split(string line, bool binary)
    {
        var arguments = new List<byte[]>();
        var current = new StringBuilder();
        var quoted = false;
        var started = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (binary && c == '\\' && i + 1 < line.Length)
            {
                current.Append(Unescape(line, ref i));
                started = true;
            }
            else if (c == '"')
            {
                quoted = !quoted;
                started = true;
            }
            else if (c == ' ' && !quoted)
            {
                Take();
            }
            else
            {
                current.Append(c);
                started = true;
            }
        }

        Take();
        return [.. arguments];

        void Take()
        {
            if (started) arguments.Add((binary ? Encoding.Latin1 : Encoding.UTF8).GetBytes(current.ToString()));
            current.Clear();
            started = false;
        }
    }

    private static char Unescape(string line, ref int i)
    {
        i++;
        if (line[i] == 'x')
        {
            var value = byte.Parse(line.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            i += 2;
            return (char)value;
        }

        var known = Escaped.IndexOf(line[i], StringComparison.Ordinal);
        if (known >= 0) return Meant[known];
        i--; // Not an escape: the backslash stands for itself.
        return '\\';
    }
}
