namespace Hal.Cache.Testing.Processes;

/// <summary>A new empty directory under the system's temporary directory; it is deleted, with all in it, on dispose.</summary>
public sealed class TempDirectory : IDisposable
{
    public TempDirectory(string label = "test")
    {
        Path = Directory.CreateTempSubdirectory($"hal-{label}-").FullName;
    }

    public string Path { get; }

    /// <summary>The path of a name inside the directory; nothing is created.</summary>
    public string Combine(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // A test that moved its own directory away has nothing left to delete.
        }
    }
}
