namespace Hal.Cache.Silo.Tests;

/// <summary>A directory of a test's own, gone with the test.</summary>
public abstract class SiloHome : IDisposable
{
    protected string Home { get; } = Directory.CreateTempSubdirectory("hal-silo-").FullName;

    /// <summary>Free ports, so that tests can run side by side.</summary>
    protected static string[] AnyPort { get; } = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];

    public void Dispose()
    {
        Directory.Delete(Home, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string Write(string name, string text)
    {
        var path = Path.Combine(Home, name);
        File.WriteAllText(path, text);
        return path;
    }
}
