namespace Hal.Cache.Node.Tree;

/// <summary>Chooses where the bytes of an object are fetched from; what it answers is a matter of cost, never of correctness.</summary>
public interface IFetchRoutes
{
    /// <summary>Instances to ask for one version of an object, the best first; never empty.</summary>
    IReadOnlyList<string> Sources(int database, ReadOnlyMemory<byte> key, long length);
}
