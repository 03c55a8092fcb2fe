using System.Collections.Concurrent;
using System.Diagnostics;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>Every process this run started; all of them end with it, by their ids, however it ends.</summary>
internal sealed class ChildProcesses : IDisposable
{
    /// <summary>Longest time for a program that only answers (a version, an installation).</summary>
    internal static readonly TimeSpan OutputTimeMax = TimeSpan.FromMinutes(3);

    private readonly ConcurrentDictionary<ChildProcess, byte> alive = new();
    private readonly ConcurrentDictionary<Process, byte> tools = new();

    public ChildProcesses() => AppDomain.CurrentDomain.ProcessExit += OnExit;

    public ChildProcess Start(LaunchPlan plan, string folder)
    {
        var child = ChildProcess.Start(plan.File, plan.Arguments, folder, plan.ReadyPrefix);
        alive.TryAdd(child, 0);
        return child;
    }

    public void Ended(ChildProcess child)
    {
        child.Kill();
        if (alive.TryRemove(child, out _))
            child.Dispose();
    }

    /// <summary>Runs a program to its end and returns what it printed; <see cref="BenchmarkException"/> on a failure or a hang.</summary>
    public async Task<string> OutputAsync(
        string file, IReadOnlyList<string> arguments, CancellationToken cancel, TimeSpan? timeMax = null)
    {
        var name = Path.GetFileName(file);
        var (code, output, errors) = await RunAsync(file, arguments, timeMax ?? OutputTimeMax, cancel);
        return code == 0
            ? output
            : throw new BenchmarkException($"{name} ended with code {code}: {(errors.Length > 0 ? errors : output).Trim().ReplaceLineEndings(" / ")}");
    }

    /// <summary>The same for a program that answers on standard error.</summary>
    public async Task<string> ErrorsAsync(string file, IReadOnlyList<string> arguments, CancellationToken cancel) =>
        (await RunAsync(file, arguments, OutputTimeMax, cancel)).Errors;

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        KillAll();
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(
        string file, IReadOnlyList<string> arguments, TimeSpan timeMax, CancellationToken cancel)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(file, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            },
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BenchmarkException($"{Path.GetFileName(file)} cannot be started: {e.Message}", e);
        }
        tools.TryAdd(process, 0);
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(timeMax);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            throw new BenchmarkException($"{Path.GetFileName(file)} did not end within {timeMax.TotalSeconds:0} s");
        }
        finally
        {
            tools.TryRemove(process, out _);
        }
    }

    private void OnExit(object? sender, EventArgs e) => KillAll();

    private void KillAll()
    {
        foreach (var child in alive.Keys)
            Ended(child);
        foreach (var tool in tools.Keys)
            tool.Kill(entireProcessTree: true);
    }
}
