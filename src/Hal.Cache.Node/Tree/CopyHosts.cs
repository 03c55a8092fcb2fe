namespace Hal.Cache.Node.Tree;

/// <summary>
/// The holder's side of coherence with each authority, over the one store: a key's copies are the business of its authority's host alone, and
/// what two authorities say is never compared.
/// </summary>
internal sealed class CopyHosts(RootTable roots, IReadOnlyList<CopyHost> hosts) : IAsyncDisposable
{
    private readonly CopyHost first = hosts[0];
    private readonly bool isOnly = hosts.Count == 1;

    /// <summary>In the order of the roots.</summary>
    public IReadOnlyList<CopyHost> All => hosts;

    /// <summary>What all hosts know, such as how a copy's stamp is read.</summary>
    public CopyStore Copies => first.Copies;

    /// <summary>That of a key's authority.</summary>
    public CopyHost Of(ReadOnlySpan<byte> key) => isOnly ? first : hosts[roots.IndexOf(key)];

    /// <summary>That of an authority.</summary>
    public CopyHost Named(string authority)
    {
        for (int i = 0; i < hosts.Count; i++)
        {
            if (roots.Names[i] == authority)
                return hosts[i];
        }

        throw new ArgumentException($"'{authority}' is no root.", nameof(authority));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (CopyHost host in hosts)
            await host.DisposeAsync().ConfigureAwait(false);
    }
}
