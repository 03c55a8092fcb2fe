using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

/// <summary>A directory of one test's own, gone afterwards.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hal-log-").FullName;

    public string Sub(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>What a crash at this moment would leave behind.</summary>
    public string CopyOf(string source, string name)
    {
        var target = Sub(name);
        foreach (var path in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            if (System.IO.Path.GetFileName(path) == DataDirectory.LockFileName)
                continue; // empty, and nobody but its holder may open it
            var copy = System.IO.Path.Combine(target, System.IO.Path.GetRelativePath(source, path));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            using var from = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = new FileStream(copy, FileMode.CreateNew, FileAccess.Write);
            from.CopyTo(to);
        }

        return target;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
