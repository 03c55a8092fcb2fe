namespace Hal.Cache.Coherence;

/// <summary>The counter of a holder's sessions, kept on its disk.</summary>
public interface ISessionCounter
{
    /// <summary>A number above all that it gave before, from 1; it must be durable when this returns (a block of numbers may be reserved at once).</summary>
    uint Next();
}
