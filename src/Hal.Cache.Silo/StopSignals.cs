using System.Runtime.InteropServices;

namespace Hal.Cache.Silo;

/// <summary>SIGTERM and SIGINT: the first asks for a clean stop, the second ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private const int SignalExitBase = 128;
    private readonly CancellationTokenSource stop = new();
    private readonly PosixSignalRegistration[] registrations;
    private int received;

    public StopSignals() => registrations = [Register(PosixSignal.SIGTERM, 15), Register(PosixSignal.SIGINT, 2)];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Requested => stop.Token;

    public Task WaitAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        stop.Token.Register(done.SetResult);
        return done.Task;
    }

    /// <summary>Asks for a clean stop, as the first signal does.</summary>
    public void Request() => stop.Cancel();

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        stop.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref received) > 1) Environment.Exit(SignalExitBase + number);
        stop.Cancel();
    });
}
