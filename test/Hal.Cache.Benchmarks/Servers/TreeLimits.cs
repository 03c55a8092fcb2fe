namespace Hal.Cache.Benchmarks.Servers;

/// <summary>What each instance of a tree may take, as the command line says it, and the directory behind the root.</summary>
internal sealed record TreeLimits(string Memory, string Disk, string Policy = "noeviction", string? Origin = null)
{
    /// <summary>Under which the origin's objects are keys.</summary>
    public const string OriginPrefix = "o/";
}
