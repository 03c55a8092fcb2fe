using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Blocking;

/// <summary>How a handler waits for keys.</summary>
internal static class Blocking
{
    /// <summary>
    /// Waits until one of the keys between two arguments has a value of a type; the handler then runs again. False where the client must not wait, as in a
    /// transaction.
    /// </summary>
    public static bool TryBlock(this CommandContext c, int firstKey, int lastKey, BlobType type, TimeSpan timeout, out Outcome outcome)
    {
        outcome = Outcome.Async;
        if (c.IsInTransaction) return false;
        if (c.Serving is not null) return true;
        var keys = new HashSet<BlockedKey>();
        for (int arg = firstKey; arg <= lastKey; arg++)
        {
            BlobKey key = c.Key(arg);
            keys.Add(new BlockedKey(key.Database, key.Bytes.ToArray(), key.Hash));
        }

        var client = new BlockedClient(c.Server.Blocked, c, [.. keys], type, timeout);
        c.Server.Blocked.Add(client);
        outcome = c.RunAsync(client.WaitAsync);
        return true;
    }
}
