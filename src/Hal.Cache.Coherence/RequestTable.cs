namespace Hal.Cache.Coherence;

/// <summary>
/// The last requests of each instance with their results, so that a write that is sent again is executed once. Ids of one instance rise
/// (its session above a counter); an id below the oldest one forgotten is never taken for a new one. Not thread-safe.
/// </summary>
public sealed class RequestTable(CoherenceOptions options)
{
    private readonly Dictionary<ulong, Window> windows = [];

    /// <summary>Whether to execute a request, and the result where it is known.</summary>
    public RequestOutcome Begin(ulong instance, ulong request, out ReadOnlyMemory<byte> result)
    {
        result = default;
        if (!windows.TryGetValue(instance, out var window)) windows.Add(instance, window = new Window());
        if (window.Results.TryGetValue(request, out var known))
        {
            result = known ?? default;
            return known is null ? RequestOutcome.Running : RequestOutcome.Known;
        }

        if (request <= window.Forgotten) return RequestOutcome.Unknown;
        if (!window.TryMakeRoom(options.RequestsMax)) return RequestOutcome.Busy;
        window.Results.Add(request, null);
        return RequestOutcome.New;
    }

    /// <summary>The request was executed and its result published.</summary>
    public void Done(ulong instance, ulong request, ReadOnlyMemory<byte> result)
    {
        if (windows.TryGetValue(instance, out var window) && window.Results.ContainsKey(request)) window.Results[request] = result;
    }

    /// <summary>The request failed before it changed anything: it may be tried again under the same id.</summary>
    public void Failed(ulong instance, ulong request)
    {
        if (windows.TryGetValue(instance, out var window)) window.Results.Remove(request);
    }

    /// <summary>Puts back what the log has of a request, in the order of the log.</summary>
    public void Restore(ulong instance, ulong request, ReadOnlyMemory<byte> result)
    {
        if (!windows.TryGetValue(instance, out var window)) windows.Add(instance, window = new Window());
        if (window.TryMakeRoom(options.RequestsMax)) window.Results[request] = result;
    }

    /// <summary>The instance will not send requests up to this id again.</summary>
    public void Forget(ulong instance, ulong through)
    {
        if (windows.TryGetValue(instance, out var window)) window.Forget(through);
    }

    private sealed class Window
    {
        public SortedDictionary<ulong, ReadOnlyMemory<byte>?> Results { get; } = [];

        public ulong Forgotten { get; private set; }

        // Requests under way stay, and with them all younger ones.
        public bool TryMakeRoom(int max)
        {
            while (Results.Count >= max)
            {
                var (oldest, result) = Results.First();
                if (result is null) return false;
                Results.Remove(oldest);
                Forgotten = Math.Max(Forgotten, oldest);
            }

            return true;
        }

        public void Forget(ulong through)
        {
            Forgotten = Math.Max(Forgotten, through);
            while (Results.Count > 0 && Results.First() is { Value: not null } first && first.Key <= through) Results.Remove(first.Key);
        }
    }
}
