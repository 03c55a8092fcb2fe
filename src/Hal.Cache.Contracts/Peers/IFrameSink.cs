namespace Hal.Cache.Contracts.Peers;

/// <summary>Takes the messages of one peer, one at a time and in order, on the thread that reads them: it must not wait.</summary>
public interface IFrameSink
{
    /// <summary>One frame, valid during the call only.</summary>
    void Received(ReadOnlySpan<byte> frame);

    /// <summary>The connection has ended; told once, last.</summary>
    void Closed();
}
