namespace Hal.Cache.Node.Tree;

/// <summary>One root is the authority of all keys.</summary>
internal sealed class RootAuthorities(string root, CopyHost? copies) : IKeyAuthorities
{
    public bool IsAuthority => copies == null;

    public string DefaultAuthority => root;

    public string AuthorityOf(int database, ReadOnlySpan<byte> key) => root;

    public long EpochOf(string authority) => copies?.Epoch ?? 0;
}
