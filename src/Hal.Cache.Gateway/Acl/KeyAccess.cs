namespace Hal.Cache.Gateway.Acl;

/// <summary>What a key pattern permits: %R~, %W~, or both.</summary>
[Flags]
internal enum KeyAccess
{
    None = 0,
    Read = 1,
    Write = 2,
    All = Read | Write,
}
