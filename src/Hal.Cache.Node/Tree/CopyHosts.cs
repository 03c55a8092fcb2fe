using Hal.Cache.Contracts.Connections;
using Hal.Cache.Node.Fetch;

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

    /// <summary>Fetches several keys, those of one authority in one question; the outcomes are in the order of the requests.</summary>
    public async ValueTask<FetchOutcome[]> FetchAsync(FetchRequest[] requests, bool goesOnAtOnce, IConnectionLoop? turn, CancellationToken cancellation)
    {
        if (isOnly)
            return await first.Questions.FetchAsync(requests, goesOnAtOnce, turn, cancellation).ConfigureAwait(false);
        var outcomes = new FetchOutcome[requests.Length];
        IGrouping<CopyHost, int>[] parts = [.. Enumerable.Range(0, requests.Length).GroupBy(i => Of(requests[i].Key))];
        await Task.WhenAll(parts.Select(FetchPartAsync)).ConfigureAwait(false);
        return outcomes;

        async Task FetchPartAsync(IGrouping<CopyHost, int> part)
        {
            int[] places = [.. part];
            FetchRequest[] some = [.. places.Select(i => requests[i])];
            FetchOutcome[] ended = await part.Key.Questions.FetchAsync(some, goesOnAtOnce: false, turn, cancellation).ConfigureAwait(false);
            for (int i = 0; i < places.Length; i++)
                outcomes[places[i]] = ended[i];
        }
    }

    /// <summary>Asks about keys that somebody is about to ask for, right after he asks for another one.</summary>
    public void FetchAhead(FetchRequest[] requests)
    {
        if (isOnly)
        {
            first.Questions.FetchAhead(requests, asksNext: true);
            return;
        }

        foreach (IGrouping<CopyHost, FetchRequest> part in requests.GroupBy(request => Of(request.Key)))
            part.Key.Questions.FetchAhead([.. part], asksNext: false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (CopyHost host in hosts)
            await host.DisposeAsync().ConfigureAwait(false);
    }
}
