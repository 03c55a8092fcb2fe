using System.Globalization;

namespace Hal.Cache.Testing.Processes;

/// <summary>A real PostgreSQL server of Debian's package <c>postgresql-15</c>: own port and directory, loopback only, no password, gone on dispose.</summary>
/// <remarks>PostgreSQL refuses to run as root; where the tests do, it runs as the package's user <c>postgres</c>.</remarks>
public sealed class PostgresServer : IDisposable
{
    public const string User = "postgres";

    private const string ProgramDirectory = "/usr/lib/postgresql/15/bin";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly TempDirectory directory = new("postgres");
    private readonly string? password;
    private ChildProcess? process;

    /// <summary>Makes a new cluster and starts it; with a password, without which nobody may connect.</summary>
    public PostgresServer(string? password = null)
    {
        this.password = password;
        try
        {
            Run("chown", User, directory.Path, when: IsRoot);
            if (password is not null) File.WriteAllText(PasswordFile, password);
            string[] access = password is null ? ["-A", "trust"] : ["-A", "scram-sha-256", "--pwfile", PasswordFile];
            using var made = new ChildProcess(Program(), Arguments("initdb", ["-D", Data, "-U", User, "-E", "UTF8", "--locale=C", "-N", .. access]));
            if (made.WaitExit(StartLimit) != 0) throw new InvalidOperationException($"initdb failed.\n{made.Output}");
            Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether PostgreSQL 15 is installed.</summary>
    public static bool IsAvailable => File.Exists(Path.Combine(ProgramDirectory, "postgres")) && (!IsRoot || Executables.Find("setpriv") is not null);

    public int Port { get; } = FreePort.Next();

    private static bool IsRoot => Environment.UserName == "root";

    private string Data => directory.Combine("data");

    private string PasswordFile => directory.Combine("password");

    /// <summary>What Npgsql needs to connect to a database.</summary>
    public string ConnectionString(string database, int? port = null) =>
        string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port ?? Port};Username={User};Database={database};Timeout=10;Command Timeout=20")
        + (password is null ? "" : $";Password={password}");

    public void Start()
    {
        process?.Dispose();
        process = new ChildProcess(
            Program(),
            Arguments(
                "postgres", "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-h", "127.0.0.1", "-k", "",
                "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=100", "-c", "log_min_messages=warning", "-c", "lc_messages=C",
                "-c", "logging_collector=off", "-c", "log_line_prefix="),
            line => line.Contains("ready to accept connections", StringComparison.Ordinal));
        process.WaitReady(StartLimit);
    }

    /// <summary>Ends the server and every process of it at once, as a crash of the machine would.</summary>
    public void Kill() => process?.Kill();

    public void Dispose()
    {
        process?.Dispose();
        directory.Dispose();
    }

    private static void Run(string program, string first, string second, bool when)
    {
        if (!when) return;
        using var child = new ChildProcess(program, [first, second]);
        if (child.WaitExit(StartLimit) != 0) throw new InvalidOperationException($"{program} failed.\n{child.Output}");
    }

    private static string Program() => IsRoot ? "setpriv" : "/usr/bin/env";

    // setpriv and env both become the program that they start, so that the process id is the server's.
    private static IEnumerable<string> Arguments(string program, params string[] arguments) =>
        [.. IsRoot ? (string[])[$"--reuid={User}", $"--regid={User}", "--clear-groups"] : [], Path.Combine(ProgramDirectory, program), .. arguments];
}
