using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Testing.Origins;

/// <summary>
/// Puts faults on another origin's calls. Each <c>…Every</c> counts the calls it applies to and hits every n-th; zero, never.
/// The seed decides which bytes are damaged.
/// </summary>
public sealed class FaultyOrigin(IOrigin inner, int seed) : IOrigin
{
    private readonly Random random = new(seed);
    private long calls;
    private long reads;

    /// <summary>Every n-th call of <see cref="FailOn"/> answers <see cref="CacheErrorCode.Unavailable"/>.</summary>
    public int FailEvery { get; set; }

    public OriginCall FailOn { get; set; } = OriginCall.All;

    /// <summary>Calls of <see cref="StallOn"/> wait for its release; null, none do.</summary>
    public OriginStall? Stall { get; set; }

    public OriginCall StallOn { get; set; } = OriginCall.Read;

    /// <summary>Every n-th read gives only half of its bytes, which no origin may do: the reader must not take it for the end.</summary>
    public int ShortReadEvery { get; set; }

    /// <summary>Every n-th read has one bit turned, as by a bad disk or a broken line.</summary>
    public int OtherBytesEvery { get; set; }

    /// <summary>Every n-th read answers <see cref="CacheErrorCode.Changed"/> after <see cref="OnChange"/> has run.</summary>
    public int ChangeDuringReadEvery { get; set; }

    /// <summary>Runs before a read answers that its object changed; a test puts the new version there.</summary>
    public Action? OnChange { get; set; }

    public bool AnswersAtOnce => inner.AnswersAtOnce;

    public async ValueTask<Result<OriginObject>> StatAsync(ReadOnlyMemory<byte> path, CancellationToken cancellation) =>
        await BeforeAsync(OriginCall.Stat, cancellation) ?? await inner.StatAsync(path, cancellation);

    public async ValueTask<Result<IOriginReader>> OpenAsync(
        ReadOnlyMemory<byte> path, OriginObject? expected, CancellationToken cancellation)
    {
        if (await BeforeAsync(OriginCall.Open, cancellation) is { } failed)
        {
            return failed;
        }

        var opened = await inner.OpenAsync(path, expected, cancellation);
        return opened.IsOk ? new Reader(this, opened.Value) : opened;
    }

    private async ValueTask<CacheError?> BeforeAsync(OriginCall call, CancellationToken cancellation)
    {
        if (Stall is { } stall && StallOn.HasFlag(call))
        {
            await stall.HoldAsync(cancellation);
        }

        return FailOn.HasFlag(call) && Hits(FailEvery, Interlocked.Increment(ref calls))
            ? new CacheError(CacheErrorCode.Unavailable, "the test origin fails this call")
            : null;
    }

    private async ValueTask<Result<int>> ReadAsync(
        IOriginReader reader, long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        if (await BeforeAsync(OriginCall.Read, cancellation) is { } failed)
        {
            return failed;
        }

        var number = Interlocked.Increment(ref reads);
        var read = await reader.ReadAsync(offset, buffer, cancellation);
        if (!read.IsOk || read.Value == 0)
        {
            return read;
        }

        if (Hits(ChangeDuringReadEvery, number))
        {
            OnChange?.Invoke();
            return new CacheError(CacheErrorCode.Changed, "the test origin changes the object during this read");
        }

        if (Hits(OtherBytesEvery, number))
        {
            lock (random)
            {
                buffer.Span[random.Next(read.Value)] ^= (byte)(1 << random.Next(8));
            }
        }

        return Hits(ShortReadEvery, number) ? read.Value / 2 : read;
    }

    private static bool Hits(int every, long number) => every > 0 && number % every == 0;

    private sealed class Reader(FaultyOrigin origin, IOriginReader inner) : IOriginReader
    {
        public OriginObject Opened => inner.Opened;

        public bool IsLocal => inner.IsLocal;

        public ValueTask<Result<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) =>
            origin.ReadAsync(inner, offset, buffer, cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
