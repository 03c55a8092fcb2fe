using System.Diagnostics.CodeAnalysis;

namespace Hal.Cache.Contracts.Origins;

/// <summary>Which keys have an origin behind them; fixed from start to end, safe to use from any thread.</summary>
public interface IOriginTable
{
    /// <summary>All mounts, the longest prefix first; empty where the instance has no origin.</summary>
    IReadOnlyList<OriginMount> Mounts { get; }

    /// <summary>The mount with the longest prefix that <paramref name="key"/> starts with; no allocation, asked for every key.</summary>
    bool TryMatch(ReadOnlySpan<byte> key, [NotNullWhen(true)] out OriginMount? mount);
}
