namespace Hal.Cache.Node.Tree;

/// <summary>The routes of an instance that knows nothing but its place: its parent, which relays, then the root.</summary>
public sealed class ParentFirstRoutes(string parent, string root) : IFetchRoutes
{
    private readonly string[] sources = parent == root ? [root] : [parent, root];

    public IReadOnlyList<string> Sources(int database, ReadOnlyMemory<byte> key, long length) => sources;
}
