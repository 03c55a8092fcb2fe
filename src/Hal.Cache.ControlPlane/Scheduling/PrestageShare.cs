using System.Collections;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>A prestage job at one instance: which keys are settled, and which are taken until when. Not thread-safe.</summary>
internal sealed class PrestageShare(string instance, int keys)
{
    private readonly BitArray settled = new(keys);
    private readonly BitArray failed = new(keys);
    private readonly List<(int[] Keys, DateTimeOffset Until)> taken = [];
    private int next;

    public string Instance { get; } = instance;

    public long Done { get; private set; }

    public long Failed { get; private set; }

    public long Left => keys - Done - Failed;

    /// <summary>Takes up to <paramref name="max"/> unsettled keys: first those whose taker has been silent too long.</summary>
    public List<int> Take(int max, DateTimeOffset now, DateTimeOffset until, Func<int, bool> isHeld)
    {
        var result = new List<int>();
        for (var i = 0; i < taken.Count;)
        {
            if (taken[i].Until > now)
            {
                i++;
                continue;
            }
            var overdue = taken[i].Keys.Where(k => !settled[k]).ToArray();
            var room = max - result.Count;
            result.AddRange(overdue.Take(room).Where(k => !SettleHeld(k, isHeld)));
            if (overdue.Length > room) taken[i++] = (overdue[room..], now);
            else taken.RemoveAt(i);
            if (result.Count >= max) break;
        }
        for (; next < keys && result.Count < max; next++)
        {
            if (!settled[next] && !SettleHeld(next, isHeld)) result.Add(next);
        }
        if (result.Count > 0) taken.Add(([.. result], until));
        return result;
    }

    /// <summary>Keys that are taken and not settled.</summary>
    public IEnumerable<int> Taken => taken.SelectMany(t => t.Keys).Where(k => !settled[k]);

    public bool Settle(int key, bool done)
    {
        if (settled[key]) return false;
        settled[key] = true;
        failed[key] = !done;
        if (done) Done++;
        else Failed++;
        IsChanged = true;
        return true;
    }

    /// <summary>Keys were settled since this was set to false.</summary>
    public bool IsChanged { get; set; }

    /// <summary>What is settled, and what of it failed: a bit a key.</summary>
    public (byte[] Settled, byte[] Failed) Save() => (Bytes(settled), Bytes(failed));

    /// <summary>Takes up where a share of the same keys was; false where that one had other keys.</summary>
    public bool TryRestore(byte[] settledBefore, byte[] failedBefore)
    {
        if (settledBefore.Length != BytesOf(keys) || failedBefore.Length != BytesOf(keys)) return false;
        var (was, hadFailed) = (new BitArray(settledBefore), new BitArray(failedBefore));
        for (var key = 0; key < keys; key++)
        {
            if (was[key]) Settle(key, !hadFailed[key]);
        }
        IsChanged = false;
        return true;
    }

    private static int BytesOf(int bits) => (bits + 7) / 8;

    private static byte[] Bytes(BitArray bits)
    {
        var bytes = new byte[BytesOf(bits.Length)];
        bits.CopyTo(bytes, 0);
        return bytes;
    }

    /// <summary>Forgets takes whose keys are all settled.</summary>
    public void Tidy() => taken.RemoveAll(t => t.Keys.All(k => settled[k]));

    private bool SettleHeld(int key, Func<int, bool> isHeld) => isHeld(key) && Settle(key, true);
}
