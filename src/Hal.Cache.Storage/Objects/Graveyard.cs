using System.Collections.Concurrent;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>Structures that no entry has any more: small ones are given back at once, others by the reclaiming thread without a lock.</summary>
internal sealed class Graveyard(PagePool pool)
{
    private readonly ConcurrentQueue<(IObjectValue Value, long Bytes)> waiting = new();

    /// <summary>Raised when something big waits.</summary>
    public event Action? Filled;

    /// <summary>Takes a structure over with the bytes that are counted for it.</summary>
    public void Bury(IObjectValue value, long bytes)
    {
        if (bytes <= ObjectLimits.FreedAtOnceBytesMax)
        {
            value.Free();
            pool.AddOverhead(-bytes);
            return;
        }

        waiting.Enqueue((value, bytes));
        Filled?.Invoke();
    }

    public void Empty()
    {
        while (waiting.TryDequeue(out (IObjectValue Value, long Bytes) dead))
        {
            dead.Value.Free();
            pool.AddOverhead(-dead.Bytes);
        }
    }
}
