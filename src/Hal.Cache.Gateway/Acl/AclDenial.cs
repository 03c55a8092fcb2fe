namespace Hal.Cache.Gateway.Acl;

/// <summary>What a user lacks for a command; where several selectors refuse, the greatest is told, as in Redis.</summary>
internal enum AclDenial
{
    None,
    Command,
    Key,

    /// <summary>A wrong password, or a user that there is not; the log alone knows it.</summary>
    Authentication,
    Channel,
}
