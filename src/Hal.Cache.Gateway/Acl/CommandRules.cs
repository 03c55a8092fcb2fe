namespace Hal.Cache.Gateway.Acl;

/// <summary>
/// Which commands a selector permits: a flag for each row of the command table, and the rules that set them, kept as Redis 7.2 shows them
/// (a later rule on the same name takes the place of an earlier one). Changed while a user is being built only.
/// </summary>
internal sealed class CommandRules
{
    private readonly CommandTable table;
    private readonly bool[] allowed;
    private readonly List<string> rules;
    private readonly Dictionary<int, List<string>> firstArguments;

    public CommandRules(CommandTable table) => (this.table, allowed, rules, firstArguments) = (table, new bool[table.All.Count], [], []);

    private CommandRules(CommandRules from)
    {
        (table, allowed, rules) = (from.table, [.. from.allowed], [.. from.rules]);
        firstArguments = from.firstArguments.ToDictionary(pair => pair.Key, pair => pair.Value.ToList());
        (IsAll, StartsFromAll) = (from.IsAll, from.StartsFromAll);
    }

    /// <summary>Every command, with nothing taken back.</summary>
    public bool IsAll { get; private set; }

    /// <summary>The rules begin with +@all: commands that are not named are permitted.</summary>
    public bool StartsFromAll { get; private set; }

    public int Count => rules.Count;

    public CommandRules Copy() => new(this);

    /// <summary>Whether the command at argument <paramref name="offset"/> is permitted.</summary>
    public bool Allows(CommandContext c, CommandSpec spec, int offset)
    {
        if (IsAll || spec.Has(CommandFlags.NoAuth) || allowed[spec.Id]) return true;
        if (!firstArguments.TryGetValue(spec.Id, out List<string>? first)) return false;
        int arg = offset + (spec.Container is null ? 1 : 2);
        if (arg >= c.Count || c.IsLarge(arg)) return false;
        foreach (string word in first)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(c.Arg(arg), word)) return true;
        }

        return false;
    }

    /// <summary>+@all and -@all.</summary>
    public void SetAll(bool allow)
    {
        Array.Fill(allowed, allow);
        rules.Clear();
        firstArguments.Clear();
        IsAll = StartsFromAll = allow;
    }

    /// <summary>A rule that begins with + or -.</summary>
    public void Apply(string rule)
    {
        bool allow = rule[0] == '+';
        string name = rule[1..].ToLowerInvariant();
        if (name == "@all") SetAll(allow);
        else if (name.StartsWith('@')) ApplyCategory(name, allow);
        else ApplyCommand(name, allow);
    }

    /// <summary>The rules as a text that makes them again.</summary>
    public override string ToString() => string.Join(' ', [StartsFromAll ? "+@all" : "-@all", .. rules]);

    private void ApplyCategory(string name, bool allow)
    {
        if (!CommandCategories.All.Contains(name[1..])) throw AclRuleException.Unknown;
        foreach (CommandSpec spec in table.All)
        {
            if (CommandCategories.Of(spec).Contains(name[1..])) Set(spec, allow);
        }

        Note(name, allow);
    }

    private void ApplyCommand(string name, bool allow)
    {
        int bar = name.LastIndexOf('|');
        if (allow && bar >= 0)
        {
            CommandSpec container = table.FindFull(name[..bar]) ?? throw AclRuleException.Unknown;
            if (container.Container is not null) throw AclRuleException.FirstArgumentOfSubcommand;
            if (bar == name.Length - 1) throw AclRuleException.Syntax;
            if (container.Subcommands.Length == 0 || HasArgumentsOnly(container, name))
            {
                if (!firstArguments.TryGetValue(container.Id, out List<string>? first)) firstArguments[container.Id] = first = [];
                if (!first.Contains(name[(bar + 1)..])) first.Add(name[(bar + 1)..]);
                Note(name, allow);
                return;
            }
        }

        CommandSpec spec = table.FindFull(name) ?? throw AclRuleException.Unknown;
        Set(spec, allow);
        foreach (CommandSpec sub in spec.Subcommands) Set(sub, allow);
        Note(name, allow);
    }

    /// <summary>DEBUG has no subcommands in Redis's table: a rule may name one that is not here.</summary>
    private bool HasArgumentsOnly(CommandSpec container, string name) => container.Name == "debug" && table.FindFull(name) is null;

    private void Set(CommandSpec spec, bool allow)
    {
        allowed[spec.Id] = allow;
        firstArguments.Remove(spec.Id);
        if (!allow) IsAll = false;
    }

    private void Note(string name, bool allow)
    {
        rules.RemoveAll(rule => rule.AsSpan(1).StartsWith(name) && (rule.Length == name.Length + 1 || rule[name.Length + 1] == '|'));
        rules.Add((allow ? '+' : '-') + name);
    }
}
