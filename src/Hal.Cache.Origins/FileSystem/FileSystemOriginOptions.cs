using System.Globalization;
using Hal.Cache.Contracts;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>What a file-system origin needs to know.</summary>
public sealed class FileSystemOriginOptions
{
    /// <summary>Absolute path of the directory whose regular files are the objects.</summary>
    public string Directory { get; set; } = "";

    /// <summary>
    /// Whether files never change, by what their owner says: then length and modification time alone tell versions apart, so that new links,
    /// modes and owners, and copies that kept the time, are no new version.
    /// </summary>
    public bool IsImmutable { get; set; }

    /// <summary>Most files open at once, over all readers; 1 to 65,536.</summary>
    public int OpenFilesMax { get; set; } = 1024;

    /// <summary>How long an open waits for another reader to close when all are taken, before it fails as busy; 0 to 1 minute.</summary>
    public TimeSpan OpenWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The first rule that a value breaks, or null.</summary>
    internal CacheError? Check()
    {
        if (!Path.IsPathRooted(Directory) || Directory.Contains('\0', StringComparison.Ordinal))
        {
            return Broken("the directory must be an absolute path");
        }

        if (OpenFilesMax is < 1 or > 65_536)
        {
            return Broken(string.Create(CultureInfo.InvariantCulture, $"OpenFilesMax is {OpenFilesMax}; it must be from 1 to 65536"));
        }

        return OpenWait < TimeSpan.Zero || OpenWait > TimeSpan.FromMinutes(1)
            ? Broken(string.Create(CultureInfo.InvariantCulture, $"OpenWait is {OpenWait}; it must be from 0 to 1 minute"))
            : null;
    }

    private static CacheError Broken(string rule) => new(CacheErrorCode.Invalid, rule);
}
