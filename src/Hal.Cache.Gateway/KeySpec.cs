namespace Hal.Cache.Gateway;

/// <summary>
/// Where a command's keys are: from argument <paramref name="First"/> (or after <paramref name="Keyword"/>) each
/// <paramref name="Step"/>th one up to <paramref name="Last"/>.
/// </summary>
/// <param name="First">Argument that the search begins with; the name is argument 0. 0 for no keys.</param>
/// <param name="Last">Last key relative to the first; negative counts from the last argument (-1).</param>
/// <param name="Step">Distance between two keys.</param>
/// <param name="Flags">What is done with the keys.</param>
internal sealed record KeySpec(int First, int Last = 0, int Step = 1, KeyFlags Flags = KeyFlags.RO | KeyFlags.Access)
{
    /// <summary>The command has no keys.</summary>
    public static readonly KeySpec None = new(0);

    /// <summary>The first argument is the one key, and it is read.</summary>
    public static readonly KeySpec One = new(1);

    /// <summary>The first argument is the one key, and it is read and changed.</summary>
    public static readonly KeySpec OneChanged = new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Update);

    /// <summary>All arguments are keys, and they are read.</summary>
    public static readonly KeySpec All = new(1, -1);

    /// <summary>Argument, relative to the first, that has the number of keys; the keys follow it. -1 where the keys are a range.</summary>
    public int KeyNumber { get; init; } = -1;

    /// <summary>Word after which the search begins, null where it begins at <see cref="First"/>.</summary>
    public string? Keyword { get; init; }

    /// <summary>Where COMMAND INFO says that the search for the keyword begins, negative from the end; null for <see cref="First"/>.</summary>
    public int? KeywordFrom { get; init; }

    /// <summary>Finds the argument behind the keyword of a command whose options may have it as their value; -1 where there is none.</summary>
    public Func<CommandContext, int, int>? Finder { get; init; }

    /// <summary>COMMAND INFO can't say where they are, as Redis's can't.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>Which part of the arguments up to the last one are keys: 2 for the first half; 0 for all.</summary>
    public int Limit { get; init; }

    /// <summary>COMMAND DOCS' note on the spec.</summary>
    public string? Notes { get; init; }

    public bool IsNone => First == 0 && Keyword is null;

    /// <summary>Where the keys are follows from the number of arguments alone.</summary>
    public bool IsFixed => Finder is null && Keyword is null && KeyNumber < 0;

    /// <summary>The keys among so many arguments: from, to (inclusive) and step; false where there are none or the number is no number.</summary>
    /// <param name="offset">Argument at which the command begins, where another one names it.</param>
    public bool TryRange(CommandContext c, out int from, out int to, int offset = 0)
    {
        from = First + offset;
        to = 0;
        if (IsNone) return false;
        if (Finder is not null) from = Finder(c, offset);
        else if (Keyword is not null && !TryKeyword(c, from, out from)) return false;
        if (from < 0) return false;
        if (KeyNumber >= 0)
        {
            int at = from + KeyNumber;
            if (at >= c.Count || c.IsLarge(at) || !Resp.RedisInteger.TryParse(c.Arg(at), out long count) || count <= 0 || count > c.Count - at - 1) return false;
            from = at + 1;
            to = from + (((int)count - 1) * Step);
        }
        else
        {
            to = Last >= 0 ? from + Last : Limit == 0 ? c.Count + Last : from + ((c.Count - from) / Limit) + Last;
        }

        return from <= to && to < c.Count;
    }

    private bool TryKeyword(CommandContext c, int start, out int from)
    {
        // Where an option is given twice, the last one counts.
        for (from = c.Count - 1; from > start; from--)
        {
            if (!c.IsLarge(from - 1) && System.Text.Ascii.EqualsIgnoreCase(c.Arg(from - 1), Keyword)) return true;
        }

        return false;
    }
}
