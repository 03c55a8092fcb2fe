namespace Hal.Cache.Contracts.Instances;

/// <summary>An instance's objects with their sizes, read in short batches beside its clients' work.</summary>
/// <remarks>
/// The promise of Redis's SCAN: an object that is there from the first batch to the last is told at least once; one that comes or
/// goes meanwhile may be told or not; one may be told twice. Batches need nothing kept between them.
/// </remarks>
public interface IInventory
{
    /// <summary>Limit of one <see cref="Read"/>: it keeps the time short for which a batch may hold up a client.</summary>
    const int BatchMax = 4096;

    /// <summary>
    /// Tells <paramref name="sink"/> about <paramref name="max"/> objects (1 to <see cref="BatchMax"/>), fewer near the end, and a few
    /// more where they share a cursor; returns the cursor of the next batch, 0 when this was the last.
    /// </summary>
    /// <param name="cursor">0, or what the last batch returned; any other value begins at some place and does no harm.</param>
    ulong Read(ulong cursor, int max, IInventorySink sink);
}
