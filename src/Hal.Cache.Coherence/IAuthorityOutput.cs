using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Coherence;

/// <summary>What an <see cref="Authority"/> tells its host, inside the call that causes it: the host must not call back from here, only note it.</summary>
public interface IAuthorityOutput
{
    /// <summary>Send to the instance that the message names.</summary>
    void Send(CoherenceMessage message);

    /// <summary>
    /// What waits for the ticket may go out. <paramref name="writerRegistered"/>: the writer that was named with the change is now a holder
    /// of that version.
    /// </summary>
    void Published(long ticket, bool writerRegistered);

    /// <summary>An acquire that was held: read the key's version anew under its shard's lock and call <see cref="Authority.Register"/> again.</summary>
    void Released(long token);

    /// <summary>The first session begins: pass through every shard's lock once, then tell the log's end by <see cref="Authority.Barrier"/>.</summary>
    void BarrierWanted();
}
