namespace Hal.Cache.Gateway.Acl;

/// <summary>Refusals of one kind, for one user and object. Times are Unix milliseconds.</summary>
internal sealed record AclLogEntry(
    long Id, long Count, AclDenial Reason, string Context, byte[] Object, string User, string Client, long CreatedAt, long UpdatedAt);
