using System.Collections.Concurrent;
using System.Diagnostics;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>A process that this program started, with the last lines it printed.</summary>
internal sealed class ChildProcess : IDisposable
{
    private const int TailLinesMax = 12;

    private readonly ConcurrentQueue<string> tail = new();
    private readonly Process process;
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string? readyPrefix;

    private ChildProcess(Process process, string? readyPrefix) => (this.process, this.readyPrefix) = (process, readyPrefix);

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>Completes when a line with the launch plan's prefix was printed.</summary>
    public Task Ready => ready.Task;

    /// <summary>The last lines of output and errors, as one line.</summary>
    public string Tail => string.Join(" / ", tail);

    public static ChildProcess Start(string file, IEnumerable<string> arguments, string? folder, string? readyPrefix)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? "",
        };
        var child = new ChildProcess(new Process { StartInfo = info }, readyPrefix);
        child.process.OutputDataReceived += (_, line) => child.Note(line.Data);
        child.process.ErrorDataReceived += (_, line) => child.Note(line.Data);
        try
        {
            child.process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            child.process.Dispose();
            throw new BenchmarkException($"{Path.GetFileName(file)} cannot be started: {e.Message}", e);
        }
        child.process.StandardInput.Close();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    public Task ExitAsync(CancellationToken cancel) => process.WaitForExitAsync(cancel);

    public void Terminate() => Posix.Signal(process.Id, Posix.SigTerm);

    /// <summary>Ends the process at once, and those that it has started; nothing where it has ended.</summary>
    public void Kill()
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended in between.
        }
    }

    public void Dispose() => process.Dispose();

    private void Note(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        tail.Enqueue(line.Trim());
        if (tail.Count > TailLinesMax)
            tail.TryDequeue(out _);
        if (readyPrefix is not null && line.StartsWith(readyPrefix, StringComparison.Ordinal))
            ready.TrySetResult();
    }
}
