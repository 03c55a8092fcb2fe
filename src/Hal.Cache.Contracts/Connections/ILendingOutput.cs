namespace Hal.Cache.Contracts.Connections;

/// <summary>A pipe's writer that can also send bytes from where they lie.</summary>
public interface ILendingOutput
{
    /// <summary>
    /// Adds bytes behind what was written. They are returned when they were sent, and by the end of the next flush's first try in any case: what a slow peer does
    /// not take then is copied.
    /// </summary>
    void Lend(in LentBytes bytes);
}
