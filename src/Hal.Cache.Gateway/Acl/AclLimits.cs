namespace Hal.Cache.Gateway.Acl;

/// <summary>Limits of access control, by name.</summary>
internal static class AclLimits
{
    /// <summary>Users of one instance.</summary>
    public const int UsersMax = 1 << 20;

    /// <summary>Commands, keys and channels that one selector names.</summary>
    public const int RulesMax = 65_536;

    /// <summary>Selectors of one user.</summary>
    public const int SelectorsMax = 1024;

    /// <summary>Passwords of one user.</summary>
    public const int PasswordsMax = 1024;

    /// <summary>Most bits that ACL GENPASS makes.</summary>
    public const int PasswordBitsMax = 4096;

    /// <summary>Longest file of users, in bytes.</summary>
    public const long FileBytesMax = 64 << 20;
}
