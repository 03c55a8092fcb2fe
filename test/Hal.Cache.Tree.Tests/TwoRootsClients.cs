using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Tree.Tests;

/// <summary>A client at each instance of a tree with two roots.</summary>
internal sealed class TwoRootsClients(TwoRoots roots, string? except = null) : IDisposable
{
    private readonly Dictionary<string, RespTestClient> all = TwoRoots.Names.Where(name => name != except).ToDictionary(name => name, roots.Connect);

    public RespTestClient this[string name] => all[name];

    public void Dispose()
    {
        foreach (var client in all.Values) client.Dispose();
    }
}
