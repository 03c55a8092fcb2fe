namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>Everything an instance holds, read in short batches beside its clients' work, with the promise of Redis's SCAN.</summary>
public interface IContentScan
{
    /// <summary>
    /// Tells the sink about some <paramref name="max"/> objects and returns the cursor of the next batch, 0 after the last; begins at 0.
    /// The sink must be called in one order with the store's changes of a key, as under the lock of its shard.
    /// </summary>
    ulong Read(ulong cursor, int max, IContentSink sink);
}
