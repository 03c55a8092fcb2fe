namespace Hal.Cache.Gateway.Acl;

/// <summary>A user as connections hold it: whoever changes its rules gives it new ones, which all its connections see with their next command.</summary>
internal sealed class AclUser
{
    /// <summary>For work that no client asked for: may do everything.</summary>
    public static readonly AclUser Internal = new("default");

    private volatile AclRules? rules;

    public AclUser(string name, AclRules rules) => (Name, Rules) = (name, rules);

    private AclUser(string name) => (Name, IsUnrestricted) = (name, true);

    /// <summary>The name's bytes as Latin-1 text.</summary>
    public string Name { get; }

    /// <summary>Everything is permitted, so that nothing has to be looked at.</summary>
    public bool IsUnrestricted { get; private set; }

    public AclRules Rules
    {
        get => rules ?? throw new InvalidOperationException("Who may do everything has no rules.");
        set => (rules, IsUnrestricted) = (value, value.IsUnrestricted);
    }
}
