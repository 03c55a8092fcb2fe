namespace Hal.Cache.Gateway;

/// <summary>One row of the command table: what dispatch, COMMAND and later transactions and access lists know of a command.</summary>
/// <param name="Name">Lower or upper case; a subcommand's own name without its container's.</param>
/// <param name="Arity">Number of arguments with the name (and a subcommand's both names); negative where more may follow.</param>
internal sealed record CommandSpec(string Name, int Arity, CommandFlags Flags, KeySpec Keys, CommandHandler Handler)
{
    /// <summary>Further key specs, such as those of BITOP's sources.</summary>
    public KeySpec[] MoreKeys { get; init; } = [];

    /// <summary>
    /// Keys, and sets of them, that a command names from its argument on without touching one, as access control looks at them; null for none.
    /// </summary>
    public Func<CommandContext, int, IEnumerable<Acl.NamedKeys>>? Named { get; init; }

    /// <summary>Arguments that are channels, as access control looks at them; null for none.</summary>
    public ChannelSpec? Channels { get; init; }

    /// <summary>Access categories beside those that follow from the flags, such as "string" or "keyspace", without '@'.</summary>
    public string[] Categories { get; init; } = [];

    /// <summary>Group in COMMAND DOCS, such as "string"; also an access category where Redis has one of that name.</summary>
    public string Group { get; init; } = "generic";

    /// <summary>Redis's version that brought the command.</summary>
    public string Since { get; init; } = "1.0.0";

    /// <summary>One sentence.</summary>
    public string Summary { get; init; } = "";

    public string Complexity { get; init; } = "O(1)";

    /// <summary>The rows of a container such as CLIENT; its own handler runs where no subcommand was given.</summary>
    public CommandSpec[] Subcommands { get; init; } = [];

    /// <summary>Position in the table, set when the table is built; counters are kept by it.</summary>
    public int Id { get; private set; } = -1;

    /// <summary>Lower case, with its container as in "client|list".</summary>
    public string FullName { get; private set; } = Name.ToLowerInvariant();

    public CommandSpec? Container { get; private set; }

    /// <summary>Has no keys at all.</summary>
    public bool IsKeyless { get; private set; }

    /// <summary>Runs at the authority where this instance is not it.</summary>
    public bool RunsAtAuthority { get; private set; }

    /// <summary>How it runs at several roots.</summary>
    public Peers.FanOut FanOut { get; private set; }

    public bool IsWrite => (Flags & CommandFlags.Write) != 0;

    public bool Has(CommandFlags flags) => (Flags & flags) != 0;

    /// <summary>Whether the number of arguments is right.</summary>
    public bool Accepts(int count) => Arity >= 0 ? count == Arity : count >= -Arity;

    /// <summary>The row as the table at <paramref name="id"/> has it; the table calls it once.</summary>
    internal CommandSpec Placed(int id, CommandSpec? container)
    {
        string fullName = container is null ? Name.ToLowerInvariant() : $"{container.FullName}|{Name.ToLowerInvariant()}";
        CommandSpec placed = this with
        {
            Id = id,
            Container = container,
            FullName = fullName,
            IsKeyless = Keys.IsNone && MoreKeys.Length == 0,
            FanOut = Peers.CommandRouting.FanOutOf(fullName),
        };
        return placed with { RunsAtAuthority = Peers.CommandRouting.RunsAtAuthority(placed) };
    }

    internal CommandSpec WithSubcommands(CommandSpec[] placed) => this with { Subcommands = placed };
}
