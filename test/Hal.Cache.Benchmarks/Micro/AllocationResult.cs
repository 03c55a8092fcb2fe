using System.Globalization;

namespace Hal.Cache.Benchmarks.Micro;

/// <summary>What one action cost: nanoseconds and bytes a call, and the most bytes it may take.</summary>
internal sealed record AllocationResult(string Name, double Nanoseconds, double BytesPerCall, double CeilingBytes)
{
    public bool IsWithin => BytesPerCall <= CeilingBytes;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(IsWithin ? "ok    " : "BROKEN")} {Name,-40} {Nanoseconds,10:0.0} ns {BytesPerCall,10:0.##} B, at most {CeilingBytes:0.##} B");
}
