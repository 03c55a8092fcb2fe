namespace Hal.Cache.Contracts.Peers;

/// <summary>Takes the messages of one peer, one at a time and in order, on the thread that reads them: it must not wait.</summary>
public interface IFrameSink
{
    /// <summary>One frame, valid during the call only.</summary>
    void Received(ReadOnlySpan<byte> frame);

    /// <summary>
    /// What had come was handed over, and the answers to it are sent: the place for short work that should not be behind other threads' and
    /// that no frame has to wait for.
    /// </summary>
    void Drained()
    {
        // Most have none.
    }

    /// <summary>The connection has ended; told once, last.</summary>
    void Closed();
}
