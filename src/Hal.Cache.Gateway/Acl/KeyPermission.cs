namespace Hal.Cache.Gateway.Acl;

/// <summary>A glob of keys, and what is permitted on them.</summary>
internal sealed record KeyPermission(byte[] Pattern, KeyAccess Access);
