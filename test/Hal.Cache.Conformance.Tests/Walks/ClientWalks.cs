using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Conformance.Tests.Walks;

/// <summary>Runs the programs of <c>test/clients</c>.</summary>
internal static class ClientWalks
{
    private static readonly TimeSpan WalkWait = TimeSpan.FromMinutes(3);
    private static readonly Lazy<string?> Python = new(FindPython);

    public static string Folder => Path.Combine(RepositoryPaths.Root, "test", "clients");

    /// <summary>The folder of the .NET installation that runs this test: a real tree of thousands of files.</summary>
    public static string DotnetRoot =>
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>What the walk needs and is not here, or null when it can run.</summary>
    public static string? Missing(string script) => Path.GetExtension(script) switch
    {
        ".mjs" when Executables.Find("node") is null => "node is not installed",
        ".mjs" when !Directory.Exists(Path.Combine(Folder, "node_modules", "ioredis")) => "the npm clients are not installed (npm ci in test/clients)",
        ".mjs" when script.StartsWith("valkey", StringComparison.Ordinal) && !Directory.Exists(Path.Combine(Folder, "node_modules", "@valkey", "valkey-glide")) =>
            "valkey-glide is not installed (npm ci in test/clients)",
        ".py" when Python.Value is null => "python3-redis is not installed",
        ".sh" when script.StartsWith("hiredis", StringComparison.Ordinal) =>
            Executables.Find("gcc") is null || !File.Exists("/usr/include/hiredis/hiredis.h") ? "gcc or libhiredis-dev is not installed" : null,
        ".sh" when Executables.Find("redis-cli") is null || Executables.Find("redis-benchmark") is null => "redis-tools is not installed",
        _ => null,
    };

    /// <summary>Runs a walk to its end and returns its exit code and output.</summary>
    public static (int Code, string Output) Run(string script, params string[] arguments)
    {
        var program = Path.GetExtension(script) switch { ".mjs" => "node", ".py" => Python.Value!, _ => "bash" };
        using var walk = new ChildProcess(program, [Path.Combine(Folder, script), .. arguments]);
        var code = walk.WaitExit(WalkWait);
        return (code, walk.Output);
    }

    // The first python3 on the path may be one of the user's own, without the distribution's packages.
    private static string? FindPython()
    {
        foreach (var program in new[] { Executables.Find("python3"), "/usr/bin/python3" })
        {
            if (program is null || !File.Exists(program)) continue;
            using var trial = new ChildProcess(program, ["-c", "import redis"]);
            if (trial.WaitExit(WalkWait) == 0) return program;
        }

        return null;
    }
}
