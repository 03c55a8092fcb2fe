using Hal.Cache.ControlPlane.Ownership;
using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>
/// Spreads a tree's records evenly again when silos have come or gone and a while has passed without another change; some at a time, since a record that has
/// moved is not complete until the instances have told it what they hold. One look at a time.
/// </summary>
internal sealed class RecordSpreader(RecordCalls records, ISiloStatusOracle silos, TimeSpan after, TimeProvider time)
{
    /// <summary>Records that move at a time.</summary>
    public const int MovesMax = 32;

    private string[] seen = [];
    private string[] spreadOver = [];
    private long seenAt;
    private bool isMoving;

    /// <summary>Moves what there is to move now.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        string[] now = [.. silos.GetActiveSilos().Select(s => s.ToParsableString()).Order(StringComparer.Ordinal)];
        if (!now.SequenceEqual(seen)) (seen, seenAt) = (now, time.GetTimestamp());
        if (now.SequenceEqual(spreadOver) || time.GetElapsedTime(seenAt) < after) return;
        var homes = await Task.WhenAll(Enumerable.Range(0, HashSlot.Records).Select(async record => await records.AskAsync(record, r => r.HomeAsync(), cancellation)));
        // What does not answer now is not moved, and asked the next time where something else had to be.
        var moves = RecordBalance.Plan([.. homes.Select(h => h.IsOk ? h.Value : null)], now, isMoving ? 0 : RecordBalance.Slack, MovesMax);
        isMoving = moves.Count > 0;
        await Task.WhenAll(moves.Select(move => records.AskAsync(
            move.Record,
            async record =>
            {
                await record.MoveAsync(move.Silo);
                return true;
            },
            cancellation)));
        if (!isMoving) spreadOver = now;
    }
}
