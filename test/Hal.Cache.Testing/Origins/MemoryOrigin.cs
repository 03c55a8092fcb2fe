using System.Collections.Concurrent;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Testing.Origins;

/// <summary>An origin in memory; every <see cref="Put(string, byte[])"/> makes a new version.</summary>
public sealed class MemoryOrigin : IOrigin
{
    private readonly ConcurrentDictionary<string, Entry> entries = new();
    private long versions;

    /// <summary>What <see cref="IOrigin.AnswersAtOnce"/> says.</summary>
    public bool AnswersAtOnce { get; set; }

    /// <summary>What its readers say of where the bytes are.</summary>
    public bool IsLocal { get; set; }

    /// <summary>Stores <paramref name="content"/>, which must not be written to afterwards, as a new version.</summary>
    public void Put(string path, byte[] content) =>
        entries[KeyOf(Encoding.UTF8.GetBytes(path))] = new(content, new(content.Length, (ulong)Interlocked.Increment(ref versions)));

    public bool Remove(string path) => entries.TryRemove(KeyOf(Encoding.UTF8.GetBytes(path)), out _);

    public ValueTask<Result<OriginObject>> StatAsync(ReadOnlyMemory<byte> path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var found = Find(path);
        return new(found.IsOk ? found.Value.Version : found.Error);
    }

    public ValueTask<Result<IOriginReader>> OpenAsync(
        ReadOnlyMemory<byte> path, OriginObject? expected, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var found = Find(path);
        Result<IOriginReader> answer = !found.IsOk ? found.Error
            : expected is { } version && version != found.Value.Version ? Changed()
            : new Reader(this, KeyOf(path.Span), found.Value);
        return new(answer);
    }

    private Result<Entry> Find(ReadOnlyMemory<byte> path) =>
        path.IsEmpty ? new CacheError(CacheErrorCode.Refused, "the key names the origin itself: a path must follow the prefix")
        : entries.TryGetValue(KeyOf(path.Span), out var entry) ? entry
        : new CacheError(CacheErrorCode.NotFound, "no such object in the test origin");

    private static CacheError Changed() => new(CacheErrorCode.Changed, "the object in the test origin changed");

    private static string KeyOf(ReadOnlySpan<byte> path) => Convert.ToHexString(path);

    private sealed record Entry(byte[] Content, OriginObject Version);

    private sealed class Reader(MemoryOrigin origin, string key, Entry entry) : IOriginReader
    {
        private bool closed;

        public OriginObject Opened => entry.Version;

        public bool IsLocal => origin.IsLocal;

        public ValueTask<Result<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            cancellation.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(closed, this);
            if (!origin.entries.TryGetValue(key, out var now) || now.Version != entry.Version)
            {
                return new(Changed());
            }

            var count = (int)Math.Min(buffer.Length, Math.Max(0, entry.Content.Length - offset));
            if (count > 0)
            {
                entry.Content.AsSpan((int)offset, count).CopyTo(buffer.Span);
            }

            return new(count);
        }

        public ValueTask DisposeAsync()
        {
            closed = true;
            return ValueTask.CompletedTask;
        }
    }
}
