using Hal.Cache.Coherence;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>
/// Writes of this instance's clients that are on their way to the authority and whose values it will hold at once. Used under the lock of
/// the copies' host.
/// </summary>
internal sealed class OwnWrites(CopyHolder holder, CopyStore copies, TimeSpan timeout, TimeProvider time)
{
    /// <summary>Writes at the same time whose values are kept; others go without.</summary>
    private const int WritesMax = 4096;

    private readonly Dictionary<long, long> beganAt = [];
    private long seenAt;

    /// <summary>Opens a flight for a string that is about to be written; none where its copy here is not read, or at a limit.</summary>
    public WriteMark Begin(in ObjectKey key, byte[] value, long now)
    {
        // Who only writes a key would wait for its own invalidation each time.
        if (beganAt.Count >= WritesMax || !copies.IsReadHere(key) || holder.BeginWrite(key, now) is not (not 0 and var flight))
            return default;
        beganAt.Add(flight, now);
        copies.Bring(flight, new PendingCopy(new CopyPayload(BlobType.String, EntryFlags.None, 0, HasBytes: true, value), value.Length, null) { IsOwn = true });
        return new(holder.Instance, holder.Session, (uint)flight);
    }

    /// <summary>The write failed, or its value can't be kept.</summary>
    public void Cancel(long flight)
    {
        holder.EndWrite(flight, 0, registered: false);
        Forget(flight);
    }

    /// <summary>The write's flight is over.</summary>
    public void Forget(long flight)
    {
        if (beganAt.Remove(flight))
            copies.Forget(flight);
    }

    /// <summary>Lets go of writes whose outcome was never told.</summary>
    public void Tick(long now)
    {
        if (beganAt.Count == 0 || time.GetElapsedTime(seenAt, now) < timeout)
            return;
        seenAt = now;
        foreach ((long flight, long at) in beganAt.ToArray())
        {
            if (time.GetElapsedTime(at, now) > timeout)
                Cancel(flight);
        }
    }
}
