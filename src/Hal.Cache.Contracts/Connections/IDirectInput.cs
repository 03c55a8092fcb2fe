namespace Hal.Cache.Contracts.Connections;

/// <summary>A pipe's reader whose next bytes can also go straight into memory of the caller's; used when all that was read is consumed.</summary>
public interface IDirectInput
{
    /// <summary>Bytes that came, 0 at the end of the stream, -1 where nothing is there now. Never waits.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    int TryReceive(Span<byte> destination);

    /// <summary>Completes when a receive is worth trying, and other connections had their turn.</summary>
    ValueTask WaitAsync(CancellationToken cancellation);
}
