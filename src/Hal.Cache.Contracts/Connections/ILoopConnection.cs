using System.IO.Pipelines;

namespace Hal.Cache.Contracts.Connections;

/// <summary>
/// A connection on an event loop; its input is an <see cref="IDirectInput"/> too. Who waits on it goes on on the loop's thread, which nothing
/// may block. Disposed when nobody uses it any more.
/// </summary>
public interface ILoopConnection : IDuplexPipe, IAsyncDisposable
{
    /// <summary>Ends the connection for whoever uses it, with an <see cref="IOException"/>; from any thread.</summary>
    void Break();

    /// <summary>Why nothing can be sent, in the system's words, as "Connection refused"; null where no send has failed.</summary>
    string? Failure { get; }
}
