using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway.Strings;

/// <summary>A string as it was when its shard was locked, readable without the lock until it is disposed of, once; empty where there was none.</summary>
internal readonly struct ValueSnapshot : IDisposable
{
    private readonly byte[]? inline;
    private readonly ILargeValue? large;
    private readonly ValueReader? reader;

    private ValueSnapshot(byte[]? inline, ILargeValue? large, long length, long version, long expiresAt)
    {
        this.inline = inline;
        this.large = large;
        Length = length;
        Version = version;
        ExpiresAt = expiresAt;
    }

    /// <summary>Length in bytes, 0 where there was no entry.</summary>
    public long Length { get; }

    /// <summary>Version of the entry, 0 where there was none.</summary>
    public long Version { get; }

    /// <summary>Expiry in Unix milliseconds, 0 for never.</summary>
    public long ExpiresAt { get; }

    /// <summary>The large value, null where it is inline.</summary>
    public ILargeValue? Large => large;

    private ValueSnapshot(ValueReader reader, long length, long version)
        : this(null, null, length, version, 0) => this.reader = reader;

    /// <summary>
    /// Takes a key argument's value, which must be in memory where it is inline. Bytes of an origin's large object are read in order from
    /// <paramref name="start"/> on, those that are not here from the origin. Needs the lock.
    /// </summary>
    public static ValueSnapshot Take(CommandContext context, int keyArg, in EntryRef entry, long start = 0)
    {
        if (entry.IsNone) return default;
        if (entry.IsLarge)
        {
            ILargeValue value = context.Store.Large(entry);
            if ((entry.Flags & EntryFlags.Clean) != 0)
                return new(context.Keyspace.OpenReader(context.Key(keyArg), entry, start, Math.Max(0, value.Length - start)), value.Length, entry.Version);
            value.Retain();
            return new(null, value, value.Length, entry.Version, entry.ExpiresAt);
        }

        Span<byte> bytes = entry.Value;
        byte[] copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(copy);
        return new(copy, null, bytes.Length, entry.Version, entry.ExpiresAt);
    }

    /// <summary>A large value that the caller keeps readable; not to be disposed of.</summary>
    public static ValueSnapshot Of(ILargeValue value) => new(null, value, value.Length, 0, 0);

    /// <summary>Fills the destination with the bytes from an offset on, and with zeros from the value's end on.</summary>
    public async ValueTask<CacheError?> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        int there = (int)Math.Clamp(Length - offset, 0, destination.Length);
        destination.Span[there..].Clear();
        destination = destination[..there];
        if (inline is not null)
        {
            inline.AsSpan((int)Math.Min(offset, Length), there).CopyTo(destination.Span);
            return null;
        }

        while (reader is not null && !destination.IsEmpty)
        {
            Result<int> fetched = await reader.ReadAsync(destination, cancellation);
            if (!fetched.IsOk) return fetched.Error;
            destination = destination[fetched.Value..];
        }

        while (!destination.IsEmpty)
        {
            int read = large!.TryRead(offset, destination.Span);
            if (read == 0)
            {
                Result<int> loaded = await large.ReadAsync(offset, destination, cancellation);
                if (!loaded.IsOk) return loaded.Error;
                read = loaded.Value;
            }

            offset += read;
            destination = destination[read..];
        }

        return null;
    }

    public void Dispose()
    {
        large?.Release();
        reader?.Dispose();
        if (inline is not null) ArrayPool<byte>.Shared.Return(inline);
    }
}
