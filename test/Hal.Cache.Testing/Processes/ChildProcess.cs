using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Hal.Cache.Testing.Processes;

/// <summary>A program run by a test: its output kept, its end certain, every wait bounded.</summary>
public sealed class ChildProcess : IDisposable
{
    private const int OutputLinesMax = 200;
    private const int SignalTerminate = 15;
    private const int SignalContinue = 18;
    private const int SignalStop = 19;

    /// <summary>How long a process that was killed, and its output, may take to be gone: longer than any machine under load, shorter than a run.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private readonly Func<string, bool>? _isReady;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _what;

    /// <summary>Starts the program; <paramref name="isReady"/> tells which line of its standard output says that it serves.</summary>
    public ChildProcess(
        string program, IEnumerable<string> arguments, Func<string, bool>? isReady = null, string? directory = null, IReadOnlyDictionary<string, string>? variables = null)
    {
        _isReady = isReady;
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? Path.GetTempPath(),
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in variables ?? new Dictionary<string, string>()) start.Environment[name] = value;
        _what = $"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)}";
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new InvalidOperationException($"{_what} ended before it was ready."));
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Pid => _process.Id;

    public bool IsRunning => !_process.HasExited;

    /// <summary>The last 200 lines of standard output and standard error, as they came.</summary>
    public string Output
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    /// <summary>Waits for the line that says ready; throws with the output when the program ends or the time is over first.</summary>
    public void WaitReady(TimeSpan limit)
    {
        try
        {
            if (_ready.Task.Wait(limit)) return;
        }
        catch (AggregateException error)
        {
            _process.WaitForExit(limit);
            throw new InvalidOperationException($"{error.InnerException!.Message} Exit code {ExitCode()}.\n{Output}", error);
        }

        throw new TimeoutException($"{_what} was not ready within {limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.\n{Output}");
    }

    /// <summary>Waits for the end and returns the exit code; kills the program and throws when the time is over first.</summary>
    public int WaitExit(TimeSpan limit)
    {
        if (!_process.WaitForExit(limit))
        {
            Kill();
            throw new TimeoutException($"{_what} did not end within {limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.\n{Output}");
        }

        WaitOutput();
        return _process.ExitCode;
    }

    /// <summary>SIGTERM; the program decides how it ends.</summary>
    public void Terminate()
    {
        if (IsRunning) _ = SendSignal(_process.Id, SignalTerminate);
    }

    /// <summary>SIGSTOP: the process does nothing until <see cref="Resume"/>, its connections stay.</summary>
    public void Pause()
    {
        if (IsRunning) _ = SendSignal(_process.Id, SignalStop);
    }

    /// <summary>SIGCONT.</summary>
    public void Resume()
    {
        if (IsRunning) _ = SendSignal(_process.Id, SignalContinue);
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public void Kill()
    {
        if (IsRunning) _process.Kill(entireProcessTree: true);
        WaitOutput();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    // Also for the last lines of output, whose pipe another process may have got hold of.
    private void WaitOutput()
    {
        using var limit = new CancellationTokenSource(EndPatience);
        try
        {
            _process.WaitForExitAsync(limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{_what} {(IsRunning ? "was still running" : "had ended, but not its output,")} {EndPatience.TotalSeconds} s after its end.\n{Output}");
        }
    }

    private string ExitCode() => _process.HasExited ? _process.ExitCode.ToString(CultureInfo.InvariantCulture) : "none";

    private void Take(string? line)
    {
        if (line is null) return;
        lock (_lines)
        {
            if (_lines.Count == OutputLinesMax) _lines.Dequeue();
            _lines.Enqueue(line);
        }

        if (_isReady?.Invoke(line) == true) _ready.TrySetResult();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
