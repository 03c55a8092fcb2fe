using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Coherence.Holding;

/// <summary>A read or a forwarded write on its way to the authority.</summary>
internal sealed class Flight(ObjectKey key, bool isWrite, long openedAt)
{
    public ObjectKey Key { get; } = key;

    public bool IsWrite { get; } = isWrite;

    public long OpenedAt { get; } = openedAt;

    public uint Stamp { get; set; }

    /// <summary>0, or the highest version that an invalidation named since the flight was stamped.</summary>
    public long Poison { get; set; }

    /// <summary>When its acquire was first sent; null before that. What is joined or counted must be counted from here.</summary>
    public long? SentAt { get; private set; }

    public long LastSentAt { get; private set; }

    /// <summary>Waits to be sent, for the first time or again.</summary>
    public bool Queued { get; set; }

    public long VersionHad { get; set; }

    public AcquireAnswer? Answer { get; set; }

    /// <summary>When the copy must be asked for anew, by this instance's clock.</summary>
    public long ExpiresAt { get; set; } = long.MaxValue;

    public List<long> Waiters { get; } = [];

    public void Sent(long now)
    {
        SentAt ??= now;
        LastSentAt = now;
        Queued = false;
    }

    /// <summary>Forgets all that an earlier stamp brought, but for the readers.</summary>
    public void Restart()
    {
        (Poison, SentAt, Answer, ExpiresAt) = (0, null, null, long.MaxValue);
    }
}
