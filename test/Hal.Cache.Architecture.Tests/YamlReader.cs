namespace Hal.Cache.Architecture.Tests;

/// <summary>
/// Reads the part of YAML that openapi.yaml is written in: block maps and lists by two spaces, flow lists and empty flow maps, plain and
/// double-quoted scalars, folded text (&gt;-). Anything else is an error that names the line.
/// </summary>
internal sealed class YamlReader
{
    private readonly List<(int Number, int Indent, string Text)> lines = [];
    private int at;

    private YamlReader(string yaml)
    {
        var number = 0;
        foreach (var line in yaml.Split('\n'))
        {
            number++;
            var text = line.Trim();
            if (text.Length == 0 || text[0] == '#') continue;
            if (line.Contains('\t', StringComparison.Ordinal) || line != line.TrimEnd()) throw new FormatException($"line {number}: tab or space at the end");
            lines.Add((number, line.Length - line.TrimStart().Length, text));
        }
    }

    public static object Parse(string yaml)
    {
        var reader = new YamlReader(yaml);
        var document = reader.Block(0);
        return reader.at == reader.lines.Count ? document : throw reader.Wrong("is not indented as what is before it");
    }

    private object Block(int indent) => lines[at].Text.StartsWith("- ", StringComparison.Ordinal) ? Sequence(indent) : Map(indent);

    private List<object> Sequence(int indent)
    {
        var list = new List<object>();
        while (at < lines.Count && lines[at].Indent == indent && lines[at].Text.StartsWith("- ", StringComparison.Ordinal))
        {
            var (number, _, text) = lines[at];
            var rest = text[2..];
            if (rest[0] is '{' or '[' || !rest.Contains(": ", StringComparison.Ordinal))
            {
                at++;
                list.Add(Scalar(rest));
                continue;
            }
            lines[at] = (number, indent + 2, rest); // the item is a map that begins beside its dash
            list.Add(Map(indent + 2));
        }
        return list;
    }

    private Dictionary<string, object> Map(int indent)
    {
        var map = new Dictionary<string, object>(StringComparer.Ordinal);
        while (at < lines.Count && lines[at].Indent == indent && !lines[at].Text.StartsWith("- ", StringComparison.Ordinal))
        {
            var (_, _, text) = lines[at];
            var colon = text[0] == '"' ? text.IndexOf('"', 1) + 1 : text.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || colon >= text.Length || text[colon] != ':') throw Wrong("is not 'key: value'");
            var key = text[..colon].Trim('"');
            if (map.ContainsKey(key)) throw Wrong($"has '{key}' for the second time");
            map[key] = Value(text[(colon + 1)..].Trim(), indent);
        }
        return map;
    }

    private object Value(string inline, int indent)
    {
        at++;
        if (inline == ">-") return Folded(indent);
        if (inline.Length > 0) return Scalar(inline);
        return at < lines.Count && lines[at].Indent == indent + 2 ? Block(indent + 2) : throw Wrong("should be a value, two spaces further in");
    }

    private string Folded(int indent)
    {
        var words = new List<string>();
        for (; at < lines.Count && lines[at].Indent > indent; at++) words.Add(lines[at].Text);
        return string.Join(' ', words);
    }

    private object Scalar(string text)
    {
        if (text == "{}") return new Dictionary<string, object>();
        if (text[0] == '[' && text[^1] == ']') return text[1..^1].Split(',', StringSplitOptions.TrimEntries).Cast<object>().ToList();
        if (text[0] == '"' && text[^1] == '"' && text.Length > 1) return text[1..^1];
        if (text[0] is '{' or '[' or '&' or '*' or '!' or '|' or '>' or '\'' or '%' or '@' or '`' || text.Contains(": ", StringComparison.Ordinal) || text.Contains(" #", StringComparison.Ordinal))
            throw Wrong("has a scalar beyond this reader, or one that YAML wants quoted");
        return text;
    }

    private FormatException Wrong(string what)
    {
        var (number, _, text) = lines[Math.Min(at, lines.Count - 1)];
        return new FormatException($"line {number} ('{text}') {what}");
    }
}
