namespace Hal.Cache.Gateway.Tracking;

/// <summary>The clients that may hold a key: nearly always one, which takes no object of its own.</summary>
internal struct KeyHolders
{
    private long first;
    private HashSet<long>? others;

    public readonly int Count => (first == 0 ? 0 : 1) + (others?.Count ?? 0);

    /// <summary>False where the client is noted already.</summary>
    public bool Add(long client)
    {
        if (first == client) return false;
        if (first != 0) return (others ??= []).Add(client);
        first = client;
        return true;
    }

    public readonly IEnumerable<long> All() => others is null ? [first] : others.Prepend(first);
}
