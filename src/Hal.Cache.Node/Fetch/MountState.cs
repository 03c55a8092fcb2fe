using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Node.Fetch;

/// <summary>One mount with its limits and what is known of its origin's health.</summary>
internal sealed class MountState(OriginMount mount, KeyspaceOptions options)
{
    private readonly long retryMilliseconds = (long)options.ValidationRetry.TotalMilliseconds;
    private long failedUntil;

    public OriginMount Mount { get; } = mount;

    public IOrigin Origin => Mount.Origin;

    public SemaphoreSlim Reads { get; } = new(options.OriginReadsMax);

    private SemaphoreSlim Asks { get; } = new(options.OriginAsksMax);

    /// <summary>Asks the origin about a key's object, within the limit of questions at the same time.</summary>
    public async ValueTask<Result<OriginObject>> StatAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        await Asks.WaitAsync(cancellation);
        try
        {
            return await Origin.StatAsync(Mount.PathOf(key), cancellation);
        }
        finally
        {
            Asks.Release();
        }
    }

    /// <summary>Whether the origin failed to validate a copy so lately that it is not asked again yet.</summary>
    public bool FailedLately(long now) => now < Volatile.Read(ref failedUntil);

    public void Failed(long now) => Volatile.Write(ref failedUntil, now + retryMilliseconds);

    public void Answered() => Volatile.Write(ref failedUntil, 0);
}
