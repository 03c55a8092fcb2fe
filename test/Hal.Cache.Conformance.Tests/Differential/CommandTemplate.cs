namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>A command form that random commands are made from.</summary>
/// <remarks>
/// Words stand for themselves, <c>&lt;name&gt;</c> draws from an argument source, <c>[ ... ]</c> is there half of the time,
/// <c>( a | b c )</c> is one of its branches, <c>{ ... }</c> comes none to three times, <c>{+ ... }</c> one to four times.
/// </remarks>
internal sealed class CommandTemplate
{
    private readonly Node _root;

    /// <summary>Reads a form; throws <see cref="FormatException"/> when its brackets do not match.</summary>
    public CommandTemplate(string text)
    {
        Text = text;
        var tokens = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var position = 0;
        _root = ParseSequence(tokens, ref position, "");
        if (position != tokens.Length) throw new FormatException($"Unmatched '{tokens[position]}' in '{text}'.");
    }

    private delegate void Node(Random random, ArgumentSources sources, List<byte[]> into);

    public string Text { get; }

    /// <summary>One random command of this form.</summary>
    public List<byte[]> Expand(Random random, ArgumentSources sources)
    {
        var arguments = new List<byte[]>();
        _root(random, sources, arguments);
        return arguments;
    }

    private static Node ParseSequence(string[] tokens, ref int position, string closing)
    {
        var branches = new List<List<Node>> { new() };
        for (; position < tokens.Length && tokens[position] != closing; position++)
        {
            var token = tokens[position];
            if (token == "|") branches.Add([]);
            else if (token is "]" or ")" or "}") break;
            else branches[^1].Add(ParseOne(tokens, ref position));
        }

        if (closing.Length > 0 && (position == tokens.Length || tokens[position] != closing)) throw new FormatException($"Missing '{closing}'.");
        return (random, sources, into) =>
        {
            foreach (var node in branches[random.Next(branches.Count)]) node(random, sources, into);
        };
    }

    private static Node ParseOne(string[] tokens, ref int position)
    {
        var token = tokens[position];
        switch (token)
        {
            case "(":
                position++;
                return ParseSequence(tokens, ref position, ")");
            case "[":
                position++;
                return Repeat(ParseSequence(tokens, ref position, "]"), 0, 1);
            case "{":
                position++;
                return Repeat(ParseSequence(tokens, ref position, "}"), 0, 3);
            case "{+":
                position++;
                return Repeat(ParseSequence(tokens, ref position, "}"), 1, 4);
        }

        if (token.Length > 2 && token[0] == '<' && token[^1] == '>')
        {
            var source = token[1..^1];
            return (random, sources, into) => into.Add(sources.Draw(source, random));
        }

        return (random, _, into) => into.Add(System.Text.Encoding.ASCII.GetBytes(Case(token, random)));
    }

    private static Node Repeat(Node node, int least, int most) => (random, sources, into) =>
    {
        for (var times = random.Next(least, most + 1); times > 0; times--) node(random, sources, into);
    };

    // Names and options are the same in any case.
    private static string Case(string word, Random random) => random.Next(4) == 0 ? word.ToLowerInvariant() : word;
}
