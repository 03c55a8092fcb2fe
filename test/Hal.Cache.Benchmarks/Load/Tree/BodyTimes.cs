namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>How one read went: time from the request to the body's first byte and to its last, and how much of it came.</summary>
internal sealed record BodyTimes(TimeSpan FirstByte, TimeSpan Total, long Bytes, long BytesWanted)
{
    public bool IsWhole => Bytes == BytesWanted;

    /// <summary>Megabytes (10^6) a second.</summary>
    public double Rate => Bytes / 1e6 / Total.TotalSeconds;
}
