using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Fetch;

/// <summary>
/// What an instance's fetches tell of themselves. A small value is put by the thread that brought it, and the store's sinks are called on
/// that thread: they find in <see cref="Current"/> how it came, so that the change is told once and whole.
/// </summary>
public sealed class Retrievals(TimeProvider time) : IDisposable
{
    private readonly ThreadLocal<Retrieval?> current = new();

    /// <summary>Who is told; null for nobody.</summary>
    public IFetchSink? Sink { get; set; }

    /// <summary>How the value came that this thread is putting; null where it puts none that was fetched.</summary>
    public Retrieval? Current => current.Value;

    internal long Now => time.GetTimestamp();

    public void Dispose() => current.Dispose();

    internal Retrieval Since(long began, string? source) => new(source, time.GetElapsedTime(began).TotalMilliseconds);

    /// <summary>Until the end of the scope, what this thread puts came so.</summary>
    internal Scope Putting(Retrieval? retrieval)
    {
        current.Value = retrieval;
        return new(this);
    }

    internal void Completed(ObjectSource source, ILargeValue value, long began) =>
        Sink?.Completed(source.Database, source.Key, value, Since(began, source.Last));

    internal readonly struct Scope(Retrievals owner) : IDisposable
    {
        public void Dispose() => owner.current.Value = null;
    }
}
