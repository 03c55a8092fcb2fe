namespace Hal.Cache.Node.Tree;

/// <summary>The roots are the authorities.</summary>
internal sealed class RootAuthorities(TreeOptions options, CopyHosts? copies) : IKeyAuthorities
{
    public bool IsAuthority => copies == null;

    public string Self => options.Name;

    public RootTable Roots => options.Roots;

    public long EpochOf(string authority) => copies?.Named(authority).Epoch ?? 0;
}
