using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Conformance.Tests.Limits;

/// <summary>Looks at a server's data directory all the time and keeps the largest size seen.</summary>
internal sealed class UsageSampler : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private readonly string _directory;
    private readonly Task _loop;
    private long _largest;

    public UsageSampler(IServerUnderTest server)
    {
        _directory = server.DataDirectory;
        _loop = Task.Run(SampleAsync);
    }

    /// <summary>The largest sum of file lengths so far, in bytes.</summary>
    public long LargestDirectoryBytes => Volatile.Read(ref _largest);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task SampleAsync()
    {
        using var timer = new PeriodicTimer(Period);
        try
        {
            do
            {
                var bytes = ProcessUsage.DirectoryBytes(_directory);
                if (bytes > _largest) Volatile.Write(ref _largest, bytes);
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The end that dispose asks for.
        }
    }
}
