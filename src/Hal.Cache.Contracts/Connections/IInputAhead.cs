namespace Hal.Cache.Contracts.Connections;

/// <summary>A pipe's reader that can receive while what was read before is still being worked on; for who works on it.</summary>
public interface IInputAhead
{
    /// <summary>Whether bytes were received that no read has had yet.</summary>
    bool HasAhead { get; }

    /// <summary>Receives what there is, at most about so many bytes, for the next read; how many came. Never waits.</summary>
    int TryReceiveAhead(int bytesMax);
}
