namespace Hal.Cache.Gateway;

/// <summary>Runs a command under the locks of its keys and writes its reply; never waits.</summary>
internal delegate Outcome CommandHandler(CommandContext context);

/// <summary>One row of the command table: everything that dispatch, COMMAND and later ACL and routing know of a command.</summary>
/// <param name="Name">In lower case; of a subcommand the whole, as in <c>client|list</c>.</param>
/// <param name="Arity">Number of arguments with the name; negative for a minimum.</param>
/// <param name="Since">First version of Redis that had it.</param>
internal sealed record CommandSpec(
    string Name,
    int Arity,
    CommandFlags Flags,
    KeySpec Keys,
    AclCategories Categories,
    string Since,
    string Summary,
    string Complexity,
    CommandHandler Handler)
{
    /// <summary>The group of Redis's documentation.</summary>
    public string Group { get; init; } = "generic";

    public CommandSpec[] Subcommands { get; init; } = [];

    /// <summary>Where the keys are, for a command whose arguments tell it; the places are added to the list.</summary>
    public Action<CommandContext, List<int>>? FindKeys { get; init; }

    /// <summary>Place in the table, for counters.</summary>
    public int Index { get; set; }

    public byte[] NameBytes { get; } = System.Text.Encoding.ASCII.GetBytes(Name);

    public bool Has(CommandFlags flag) => (Flags & flag) != 0;

    public bool Takes(int count) => Arity >= 0 ? count == Arity : count >= -Arity;
}
