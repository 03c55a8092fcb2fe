using System.Diagnostics.CodeAnalysis;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Node.Tests.Support;

/// <summary>Mounts by prefix; the first that matches wins.</summary>
internal sealed class Mounts(params OriginMount[] mounts) : IOriginTable
{
    IReadOnlyList<OriginMount> IOriginTable.Mounts => mounts;

    public bool TryMatch(ReadOnlySpan<byte> key, [NotNullWhen(true)] out OriginMount? mount)
    {
        mount = null;
        foreach (OriginMount each in mounts)
        {
            if (key.StartsWith(each.Prefix.Span))
            {
                mount = each;
                return true;
            }
        }

        return false;
    }
}
