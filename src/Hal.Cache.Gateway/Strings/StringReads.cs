using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Strings;

/// <summary>Reads of strings under the lock.</summary>
internal static class StringReads
{
    /// <summary>Length in bytes, 0 where there is no entry.</summary>
    public static long Length(IBlobStore store, in EntryRef entry) =>
        entry.IsNone ? 0 : entry.IsLarge ? store.Large(entry).Length : entry.ValueLength;

    /// <summary>Whether Redis would copy the string before it changes bytes of it, as OBJECT ENCODING shows ever after.</summary>
    public static bool IsShared(in EntryRef entry) => !entry.IsNone && !entry.IsLarge && (entry.Flags & EntryFlags.Raw) == 0;

    /// <summary>
    /// Fills the destination with the bytes from an offset on, and with zeros from the string's end on; false where bytes are not in memory.
    /// </summary>
    public static bool TryRead(IBlobStore store, in EntryRef entry, long offset, Span<byte> destination)
    {
        int there = (int)Math.Clamp(Length(store, entry) - offset, 0, destination.Length);
        destination[there..].Clear();
        destination = destination[..there];
        if (destination.IsEmpty) return true;
        if (!entry.IsLarge)
        {
            entry.Value.Slice((int)offset, there).CopyTo(destination);
            return true;
        }

        ILargeValue large = store.Large(entry);
        while (!destination.IsEmpty)
        {
            int read = large.TryRead(offset, destination);
            if (read == 0) return false;
            offset += read;
            destination = destination[read..];
        }

        return true;
    }
}
