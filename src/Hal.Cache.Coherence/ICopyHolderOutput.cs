using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Coherence;

/// <summary>What a <see cref="CopyHolder"/> tells its host, inside the call that causes it: the host must not call back from here, only note it.</summary>
public interface ICopyHolderOutput
{
    /// <summary>Send to the authority.</summary>
    void Send(CoherenceMessage message);

    /// <summary>
    /// L2: bring the bytes of exactly this version (they may be in the answer, on disk, or at other instances), then call
    /// <see cref="CopyHolder.Complete"/>; where no source has them any more, <see cref="CopyHolder.Reopen"/>.
    /// </summary>
    void Fetch(uint flight, AcquireAnswer answer);

    /// <summary>The read may be answered with this version of the key.</summary>
    void Answer(long waiter, in ObjectKey key, long version);

    /// <summary>The read can't be answered: the authority is out of reach, or says that it is busy.</summary>
    void Fail(long waiter, in ObjectKey key, ReadFailure failure);
}
