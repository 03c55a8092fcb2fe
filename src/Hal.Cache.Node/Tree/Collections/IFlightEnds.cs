using Hal.Cache.Coherence;

namespace Hal.Cache.Node.Tree.Collections;

/// <summary>The ways in which a read's flight ends, under the lock of the copies' host.</summary>
internal interface IFlightEnds
{
    Lock Gate { get; }

    /// <summary>With a copy, or with the one that is here.</summary>
    void Complete(long flight, KeyId key, PendingCopy copy);

    /// <summary>Without: its readers run at the authority, which is told that the copy that it registered is not here.</summary>
    void GiveBack(long flight, KeyId key);
}
