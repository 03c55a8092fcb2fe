using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Hal.Cache.Architecture.Tests;

/// <summary>The source tree that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string[] Projects(string folder) =>
        [.. Directory.GetFiles(Path.Combine(Root, folder), "*.csproj", SearchOption.AllDirectories).Where(IsSource).Order(StringComparer.Ordinal)];

    public static string[] Sources(string folder) =>
        [.. Directory.GetFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories).Where(IsSource).Order(StringComparer.Ordinal)];

    public static string Relative(string path) => Path.GetRelativePath(Root, path);

    /// <summary>The Include of every item of a kind in a project file.</summary>
    public static IEnumerable<string> Items(string project, string kind) =>
        XDocument.Load(project).Descendants(kind).Select(i => i.Attribute("Include")!.Value);

    private static bool IsSource(string path) =>
        !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
        && !path.Contains("/node_modules/", StringComparison.Ordinal);

    private static string Find([CallerFilePath] string here = "")
    {
        var directory = Path.GetDirectoryName(File.Exists(here) ? here : AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory, "Hal.Cache.sln"))) directory = Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException("Hal.Cache.sln is in no directory above these tests");
    }
}
