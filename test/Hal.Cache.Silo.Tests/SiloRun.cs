using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo.Tests;

/// <summary>The real program as a child process, with a home of its own and no setting of the caller's environment.</summary>
internal sealed partial class SiloRun : IAsyncDisposable
{
    public const int SigTerm = 15;
    public const int SigInt = 2;

    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();
    private readonly TaskCompletionSource<string> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SiloRun(Process process) => this.process = process;

    public string Output => Text(output);

    public string Errors => Text(errors);

    public int Pid => process.Id;

    /// <summary>The line that says so, as words by name.</summary>
    public Dictionary<string, string> Ready { get; private set; } = [];

    public static SiloRun Start(string home, IEnumerable<string> args, params (string Name, string Value)[] environment) =>
        Start(home, ["dotnet"], args, environment);

    /// <summary>The same by a command that starts it with other limits, as prlimit(1).</summary>
    public static SiloRun Start(string home, string[] command, IEnumerable<string> args, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = home };
        foreach (var word in command[1..]) start.ArgumentList.Add(word);
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(SiloOptions).Assembly.Location);
        foreach (var arg in args) start.ArgumentList.Add(arg);
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith(SettingsReader.VariablePrefix, StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        start.Environment["HOME"] = home;
        start.Environment.Remove("XDG_DATA_HOME");
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var run = new SiloRun(new Process { StartInfo = start });
        run.process.OutputDataReceived += (_, line) => run.TakeOutput(line.Data);
        run.process.ErrorDataReceived += (_, line) => Append(run.errors, line.Data);
        run.process.Start();
        run.process.BeginOutputReadLine();
        run.process.BeginErrorReadLine();
        return run;
    }

    /// <summary>Starts on free ports and waits until it serves.</summary>
    public static async Task<SiloRun> ServeAsync(string home, IEnumerable<string> args, params (string Name, string Value)[] environment)
    {
        var run = Start(home, args, environment);
        if (await run.ServesAsync()) return run;
        await run.DisposeAsync();
        throw new InvalidOperationException($"not ready\n{run.Output}\n{run.Errors}");
    }

    /// <summary>Waits until it says that it serves; false where it ended, or was silent for too long.</summary>
    public async Task<bool> ServesAsync()
    {
        try
        {
            var line = await ready.Task.WaitAsync(Patience);
            Ready = line.Split(' ').Skip(1).Select(w => w.Split('=', 2)).ToDictionary(w => w[0], w => w[1]);
            return true;
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Runs to its end by itself, which a wrong setting or a mere question has.</summary>
    public static async Task<SiloRun> FinishAsync(string home, IEnumerable<string> args, params (string Name, string Value)[] environment)
    {
        var run = Start(home, args, environment);
        await run.ExitCodeAsync();
        return run;
    }

    public void Signal(int signal) => Assert.Equal(0, Kill(process.Id, signal));

    public async Task<int> ExitCodeAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void TakeOutput(string? line)
    {
        Append(output, line);
        if (line is null) ready.TrySetException(new InvalidOperationException("it ended"));
        else if (line.StartsWith("ready ", StringComparison.Ordinal)) ready.TrySetResult(line);
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (text) text.Append(line).Append('\n');
    }

    private static string Text(StringBuilder text)
    {
        lock (text) return text.ToString();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
