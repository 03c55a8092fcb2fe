using System.Text;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Acl;

/// <summary>
/// One set of commands, keys and channels: a command runs where one selector of its user permits all of it. Rules change it while a user is
/// being built; from then on it is only read.
/// </summary>
internal sealed class AclSelector
{
    private readonly List<KeyPermission> keys;
    private readonly List<byte[]> channels;

    public AclSelector(CommandTable table) => (Commands, keys, channels) = (new CommandRules(table), [], []);

    private AclSelector(AclSelector from)
    {
        (Commands, keys, channels) = (from.Commands.Copy(), [.. from.keys], [.. from.channels]);
        (AllKeys, AllChannels) = (from.AllKeys, from.AllChannels);
    }

    public CommandRules Commands { get; }

    public bool AllKeys { get; private set; }

    public bool AllChannels { get; private set; }

    /// <summary>Whether every key may be read.</summary>
    public bool ReadsAllKeys => AllKeys || keys.Exists(key => (key.Access & KeyAccess.Read) != 0 && key.Pattern.AsSpan().SequenceEqual("*"u8));

    public IReadOnlyList<byte[]> Channels => channels;

    public bool IsUnrestricted => AllKeys && AllChannels && Commands.IsAll;

    public AclSelector Copy() => new(this);

    /// <summary>Applies one rule, its bytes as Latin-1 text.</summary>
    public void Apply(string rule)
    {
        if (keys.Count + channels.Count + Commands.Count >= AclLimits.RulesMax) throw AclRuleException.TooMany;
        switch (rule.ToLowerInvariant())
        {
            case "allkeys" or "~*":
                keys.Clear();
                AllKeys = true;
                return;
            case "resetkeys":
                keys.Clear();
                AllKeys = false;
                return;
            case "allchannels" or "&*":
                channels.Clear();
                AllChannels = true;
                return;
            case "resetchannels":
                channels.Clear();
                AllChannels = false;
                return;
            case "allcommands":
                Commands.SetAll(true);
                return;
            case "nocommands":
                Commands.SetAll(false);
                return;
        }

        if (rule[0] is '~' or '%') AddKeys(rule);
        else if (rule[0] == '&') AddChannel(rule);
        else if (rule[0] is '+' or '-') Commands.Apply(rule);
        else throw AclRuleException.Syntax;
    }

    /// <summary>What it lacks for the command at argument <paramref name="offset"/>, and the argument that it lacks it for.</summary>
    public AclDenial Check(CommandContext c, CommandSpec spec, int offset, out int arg)
    {
        arg = offset;
        if (!Commands.Allows(c, spec, offset)) return AclDenial.Command;
        if (!AllKeys && !spec.IsKeyless)
        {
            if (!AllowsKeys(c, spec, spec.Keys, offset, out arg)) return AclDenial.Key;
            foreach (KeySpec more in spec.MoreKeys)
            {
                if (!AllowsKeys(c, spec, more, offset, out arg)) return AclDenial.Key;
            }
        }

        if (!AllKeys && spec.Named is { } naming)
        {
            foreach (NamedKeys keys in naming(c, offset))
            {
                arg = keys.Arg;
                if (!AllowsNamed(c, keys)) return AclDenial.Key;
            }
        }

        if (AllChannels || spec.Channels is not { } named) return AclDenial.None;
        int last = named.Last < 0 ? c.Count - 1 : offset + named.Last;
        for (arg = offset + named.First; arg <= last; arg++)
        {
            if (c.IsLarge(arg) || !AllowsChannel(c.Arg(arg), named.ArePatterns)) return AclDenial.Channel;
        }

        return AclDenial.None;
    }

    public bool AllowsChannel(ReadOnlySpan<byte> channel, bool isPattern)
    {
        foreach (byte[] pattern in channels)
        {
            if (isPattern ? channel.SequenceEqual(pattern) : GlobPattern.IsMatch(pattern, channel)) return true;
        }

        return AllChannels;
    }

    public string DescribeKeys() => AllKeys ? "~*" : string.Join(' ', keys.Select(Text));

    public string DescribeChannels() => AllChannels ? "&*" : string.Join(' ', channels.Select(channel => '&' + Encoding.Latin1.GetString(channel)));

    /// <summary>The rules that make it again.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (DescribeKeys() is { Length: > 0 } all) text.Append(all).Append(' ');
        if (!AllChannels) text.Append("resetchannels ");
        if (DescribeChannels() is { Length: > 0 } heard) text.Append(heard).Append(' ');
        return text.Append(Commands).ToString();
    }

    private static string Text(KeyPermission key) =>
        (key.Access switch { KeyAccess.Read => "%R~", KeyAccess.Write => "%W~", _ => "~" }) + Encoding.Latin1.GetString(key.Pattern);

    private bool AllowsKeys(CommandContext c, CommandSpec spec, KeySpec named, int offset, out int arg)
    {
        arg = offset;
        if ((named.Flags & KeyFlags.NotKey) != 0 || !named.TryRange(c, out int from, out int to, offset)) return true;
        KeyFlags flags = VariableKeyFlags.Of(c, spec, named, offset);
        KeyAccess needed = (flags & KeyFlags.Access) != 0 ? KeyAccess.Read : KeyAccess.None;
        if ((flags & (KeyFlags.Insert | KeyFlags.Delete | KeyFlags.Update)) != 0) needed |= KeyAccess.Write;
        for (arg = from; arg <= to; arg += named.Step)
        {
            if (c.IsLarge(arg) || !AllowsKey(c.Arg(arg), needed)) return false;
        }

        return true;
    }

    private bool AllowsKey(ReadOnlySpan<byte> key, KeyAccess needed)
    {
        foreach (KeyPermission permission in keys)
        {
            if ((permission.Access & needed) == needed && GlobPattern.IsMatch(permission.Pattern, key)) return true;
        }

        return false;
    }

    private bool AllowsNamed(CommandContext c, NamedKeys named)
    {
        if (c.IsLarge(named.Arg)) return false;
        foreach (KeyPermission permission in keys)
        {
            if (named.IsWithin(permission.Pattern, c.Arg(named.Arg))) return true;
        }

        return false;
    }

    private void AddKeys(string rule)
    {
        if (AllKeys) throw AclRuleException.AfterAllKeys;
        int start = 1;
        KeyAccess access = KeyAccess.All;
        if (rule[0] == '%')
        {
            start = rule.IndexOf('~', StringComparison.Ordinal) + 1;
            access = rule[1..Math.Max(start, 1)].ToUpperInvariant() switch
            {
                "R~" => KeyAccess.Read,
                "W~" => KeyAccess.Write,
                "RW~" or "WR~" => KeyAccess.All,
                _ => throw AclRuleException.Syntax,
            };
        }

        byte[] pattern = Pattern(rule[start..]);
        int at = keys.FindIndex(key => ByteKeys.Comparer.Equals(key.Pattern, pattern));
        if (at < 0) keys.Add(new KeyPermission(pattern, access));
        else keys[at] = keys[at] with { Access = keys[at].Access | access };
    }

    private void AddChannel(string rule)
    {
        if (AllChannels) throw AclRuleException.AfterAllChannels;
        byte[] pattern = Pattern(rule[1..]);
        if (!channels.Contains(pattern, ByteKeys.Comparer)) channels.Add(pattern);
    }

    private static byte[] Pattern(string text) =>
        AclText.HasSpaces(text) ? throw AclRuleException.Syntax : Encoding.Latin1.GetBytes(text);
}
