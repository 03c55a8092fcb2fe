namespace Hal.Cache.Contracts.Storage;

/// <summary>
/// Keeps an object as it is, so that it can be written without its shard's lock: changes of it wait as for room until this is disposed.
/// It is readable to then, even if its key gets another value or leaves memory.
/// </summary>
public interface IObjectHold : IDisposable
{
    /// <summary>The structure, to be read only.</summary>
    IObjectValue Value { get; }
}
