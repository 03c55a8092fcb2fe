using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway;

/// <summary>A command's changes; false always means that the fault is noted, and <c>return Outcome.Retry</c> follows.</summary>
internal static class CommandWrites
{
    /// <summary>Puts a string under a key argument, inline or as a large value.</summary>
    public static bool TryPut(this CommandContext c, int keyArg, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags) =>
        c.TryPut(c.Key(keyArg), value, expiresAt, flags);

    /// <summary>Puts a string under a key, inline or as a large value.</summary>
    public static bool TryPut(this CommandContext c, in BlobKey key, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags)
    {
        if (value.Length <= IBlobStore.InlineBytesMax)
            return c.IsDone(c.Store.Put(key, BlobType.String, value, expiresAt, flags, ref c.Scope), value.Length);
        ILargeValue? large = c.Store.TryStage(value);
        if (large is null) return c.NoRoom(value.Length);
        bool put = c.TryPut(key, large, expiresAt, flags);
        large.Release(); // the store holds it on its own
        return put;
    }

    /// <summary>Puts an argument under a key argument, a streamed one as it was staged.</summary>
    public static bool TryPut(this CommandContext c, int keyArg, int valueArg, long expiresAt, EntryFlags flags) =>
        c.LargeArg(valueArg) is { } large
            ? c.TryPut(c.Key(keyArg), large, expiresAt, flags)
            : c.TryPut(c.Key(keyArg), c.Arg(valueArg), expiresAt, flags);

    /// <summary>Puts a large value, which the caller goes on holding, under a key argument.</summary>
    public static bool TryPut(this CommandContext c, int keyArg, ILargeValue value, long expiresAt, EntryFlags flags) =>
        c.TryPut(c.Key(keyArg), value, expiresAt, flags);

    /// <summary>Puts a large value, which the caller goes on holding, under a key.</summary>
    public static bool TryPut(this CommandContext c, in BlobKey key, ILargeValue value, long expiresAt, EntryFlags flags) =>
        c.IsDone(c.Store.Put(key, BlobType.String, value, expiresAt, flags, ref c.Scope), IBlobStore.ChunkBytes);

    /// <summary>Removes a key argument's entry.</summary>
    public static bool TryRemove(this CommandContext c, int arg, out bool removed) => c.TryRemove(c.Key(arg), out removed);

    /// <summary>Removes a key's entry.</summary>
    public static bool TryRemove(this CommandContext c, in BlobKey key, out bool removed) =>
        c.IsDone(c.Store.Remove(key, RemovalReason.Deleted, ref c.Scope, out removed), 0);

    /// <summary>Sets when a key argument's entry, which exists, expires, in Unix milliseconds, 0 for never.</summary>
    public static bool TrySetExpiry(this CommandContext c, int arg, long expiresAt) => c.TrySetExpiry(c.Key(arg), expiresAt);

    /// <summary>Sets when a key's entry, which exists, expires, in Unix milliseconds, 0 for never.</summary>
    public static bool TrySetExpiry(this CommandContext c, in BlobKey key, long expiresAt) =>
        c.IsDone(c.Store.SetExpiry(key, expiresAt, ref c.Scope), 0);

    /// <summary>True where the store made the change; else notes that so many bytes need room.</summary>
    public static bool IsDone(this CommandContext c, StoreStatus status, long bytes) => status == StoreStatus.Done || c.NoRoom(bytes);

    private static bool NoRoom(this CommandContext c, long bytes)
    {
        c.NeedRoom(bytes);
        return false;
    }
}
