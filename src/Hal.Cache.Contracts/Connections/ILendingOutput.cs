namespace Hal.Cache.Contracts.Connections;

/// <summary>A pipe's writer that can also send bytes from where they lie.</summary>
public interface ILendingOutput
{
    /// <summary>
    /// Adds bytes behind what was written, to be returned before the next flush waits, at the latest when the writer is completed; who writes on asks for memory anew.
    /// </summary>
    /// <remarks>What a slow peer does not take at once is copied.</remarks>
    void Lend(in LentBytes bytes);
}
