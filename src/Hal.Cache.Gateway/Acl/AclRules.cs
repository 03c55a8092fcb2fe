using System.Security.Cryptography;
using System.Text;

namespace Hal.Cache.Gateway.Acl;

/// <summary>All that is known of a user but for the name. Rules change it while it is being built; from then on it is only read.</summary>
internal sealed class AclRules
{
    private const int HashLength = 64;

    private readonly CommandTable table;
    private readonly List<string> passwords;
    private readonly List<AclSelector> selectors;
    private bool skipsSanitizing;

    /// <summary>A user that is off, has no password and may do nothing.</summary>
    public AclRules(CommandTable table) => (this.table, passwords, selectors) = (table, [], [new AclSelector(table)]);

    private AclRules(AclRules from)
    {
        (table, passwords, selectors) = (from.table, [.. from.passwords], [.. from.selectors.Select(selector => selector.Copy())]);
        (IsOn, IsWithoutPassword, skipsSanitizing) = (from.IsOn, from.IsWithoutPassword, from.skipsSanitizing);
    }

    public bool IsOn { get; private set; }

    /// <summary>Any password is right.</summary>
    public bool IsWithoutPassword { get; private set; }

    /// <summary>SHA-256 of each password, in lower-case hexadecimal digits.</summary>
    public IReadOnlyList<string> Passwords => passwords;

    /// <summary>The first is the root, which rules outside of brackets change.</summary>
    public IReadOnlyList<AclSelector> Selectors => selectors;

    public bool IsUnrestricted => selectors.Exists(selector => selector.IsUnrestricted);

    public IEnumerable<string> Flags
    {
        get
        {
            yield return IsOn ? "on" : "off";
            if (IsWithoutPassword) yield return "nopass";
            yield return skipsSanitizing ? "skip-sanitize-payload" : "sanitize-payload";
        }
    }

    public AclRules Copy() => new(this);

    /// <summary>Applies one rule, its bytes as Latin-1 text; throws <see cref="AclRuleException"/>.</summary>
    public void Apply(string rule)
    {
        if (rule.Length == 0) return;
        switch (rule.ToLowerInvariant())
        {
            case "on" or "off":
                IsOn = rule.Length == 2;
                return;
            case "nopass":
                passwords.Clear();
                IsWithoutPassword = true;
                return;
            case "resetpass":
                passwords.Clear();
                IsWithoutPassword = false;
                return;
            case "skip-sanitize-payload":
                skipsSanitizing = true;
                return;
            case "sanitize-payload":
                skipsSanitizing = false;
                return;
            case "clearselectors":
                selectors.RemoveRange(1, selectors.Count - 1);
                return;
            case "reset":
                Reset();
                return;
        }

        if (rule[0] is '>' or '#') AddPassword(rule);
        else if (rule[0] is '<' or '!') RemovePassword(rule);
        else if (rule[0] == '(' && rule[^1] == ')') AddSelector(rule);
        else selectors[0].Apply(rule);
    }

    /// <summary>Whether a client with the password may be this user; all passwords are looked at, each in one and the same time.</summary>
    public bool Accepts(ReadOnlySpan<byte> password)
    {
        if (!IsOn) return false;
        if (IsWithoutPassword) return true;
        byte[] hash = Encoding.ASCII.GetBytes(Hash(password));
        bool found = false;
        foreach (string other in passwords) found |= CryptographicOperations.FixedTimeEquals(hash, Encoding.ASCII.GetBytes(other));
        return found;
    }

    /// <summary>What the user lacks for the command at argument <paramref name="offset"/>, and the argument that it lacks it for.</summary>
    public AclDenial Check(CommandContext c, CommandSpec spec, int offset, out int arg)
    {
        AclDenial worst = AclDenial.Command;
        arg = offset;
        foreach (AclSelector selector in selectors)
        {
            AclDenial denial = selector.Check(c, spec, offset, out int at);
            if (denial == AclDenial.None) return denial;
            if (denial > worst || (denial == worst && at > arg)) (worst, arg) = (denial, at);
        }

        return worst;
    }

    /// <summary>Whether one selector permits the command with every key read.</summary>
    public bool AllowsAllReads(CommandContext c, CommandSpec spec) => selectors.Exists(selector => selector.ReadsAllKeys && selector.Check(c, spec, 0, out _) == AclDenial.None);

    /// <summary>The rules that make the user again, as ACL LIST and the file have them.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (string flag in Flags) text.Append(flag).Append(' ');
        foreach (string password in passwords) text.Append('#').Append(password).Append(' ');
        return text.Append(DescribePermissions()).ToString();
    }

    /// <summary>The rules about commands, keys and channels alone.</summary>
    public string DescribePermissions()
    {
        var text = new StringBuilder();
        text.Append(selectors[0]);
        foreach (AclSelector selector in selectors.Skip(1)) text.Append(" (").Append(selector).Append(')');
        return text.ToString();
    }

    private static string Hash(ReadOnlySpan<byte> password) => Convert.ToHexStringLower(SHA256.HashData(password));

    private static string HashOf(string rule)
    {
        if (rule[0] is '>' or '<') return Hash(Encoding.Latin1.GetBytes(rule[1..]));
        string hash = rule[1..];
        return hash.Length == HashLength && hash.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f')) ? hash : throw AclRuleException.BadHash;
    }

    private void AddPassword(string rule)
    {
        string hash = HashOf(rule);
        if (passwords.Count >= AclLimits.PasswordsMax) throw AclRuleException.TooMany;
        if (!passwords.Contains(hash)) passwords.Add(hash);
        IsWithoutPassword = false;
    }

    private void RemovePassword(string rule)
    {
        if (!passwords.Remove(HashOf(rule))) throw AclRuleException.NoSuchPassword;
    }

    private void AddSelector(string rule)
    {
        if (selectors.Count >= AclLimits.SelectorsMax) throw AclRuleException.TooMany;
        var selector = new AclSelector(table);
        foreach (string word in rule[1..^1].Split(' ', StringSplitOptions.RemoveEmptyEntries)) selector.Apply(word);
        selectors.Add(selector);
    }

    private void Reset()
    {
        (IsOn, IsWithoutPassword, skipsSanitizing) = (false, false, false);
        passwords.Clear();
        selectors.Clear();
        selectors.Add(new AclSelector(table));
    }
}
