using Hal.Cache.Coherence;

namespace Hal.Cache.Node.Tree.Collections;

/// <summary>
/// Decides whether a read of a collection that is not here brings a copy or runs at the holder. A copy pays when it is read so often that as
/// many reads at the holder, each taken for <see cref="ReadBytes"/>, would have cost as much as its bytes; one that ended earlier was a loss,
/// after which twice as many reads as before run at the holder until the next copy is brought. So a collection that is written all the time
/// costs about <see cref="ReadBytes"/> for each read, and one that is not is here after the first. Thread-safe.
/// </summary>
internal sealed class PullLedger
{
    /// <summary>
    /// What one read at the holder counts as, in bytes: what a link of 10 Gbit/s moves in a round trip of 0.2 ms. A collection up to twice that
    /// size is always worth a copy.
    /// </summary>
    public const int ReadBytes = 256 << 10;

    /// <summary>Keys whose losses are remembered; beyond that all are forgotten.</summary>
    public const int KeysMax = 1 << 16;

    private const int FirstWait = 2;

    private readonly Lock gate = new();
    private readonly Dictionary<KeyId, Account> accounts = [];
    private volatile int count;

    /// <summary>Whether this read runs at the holder; counts it.</summary>
    public bool Waits(KeyId key)
    {
        if (count == 0)
            return false;
        lock (gate)
        {
            if (!accounts.TryGetValue(key, out Account account))
                return false;
            bool waits = account.Reads < account.Wait;
            accounts[key] = account with { Reads = waits ? account.Reads + 1 : 0 };
            return waits;
        }
    }

    /// <summary>Whether reads of the key wait, without counting one.</summary>
    public bool IsWaiting(KeyId key)
    {
        if (count == 0)
            return false;
        lock (gate)
            return accounts.TryGetValue(key, out Account account) && account.Reads < account.Wait;
    }

    /// <summary>A copy ended, invalidated or evicted, after so many reads.</summary>
    public void Ended(KeyId key, long bytes, long reads)
    {
        long worth = bytes / ReadBytes;
        if (reads >= worth && count == 0)
            return;
        lock (gate)
        {
            accounts.TryGetValue(key, out Account account);
            if (reads >= worth)
            {
                accounts.Remove(key);
            }
            else
            {
                if (accounts.Count >= KeysMax)
                    accounts.Clear();
                accounts[key] = new((int)Math.Min(Math.Max(FirstWait, 2L * account.Wait), worth), 0);
            }

            count = accounts.Count;
        }
    }

    /// <param name="Wait">Reads at the holder before the next copy.</param>
    /// <param name="Reads">Those that there were.</param>
    private readonly record struct Account(int Wait, int Reads);
}
