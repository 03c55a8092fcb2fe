using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Client.Tests.Caching;

/// <summary>A server that takes connections and never says a word, as a process that is stopped does.</summary>
public sealed class SilentServerTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly TcpListener server = new(IPAddress.Loopback, 0);

    public SilentServerTests() => server.Start();

    private HalCacheOptions Options => new() { Port = ((IPEndPoint)server.LocalEndpoint).Port };

    public void Dispose() => server.Dispose();

    [Fact]
    public async Task All_callers_wait_for_one_attempt_to_connect()
    {
        var clock = new ManualTimeProvider();
        await using var cache = new HalDistributedCache(Options with { Password = "secret", ConnectTimeout = Soon }, clock);

        var calls = Enumerable.Range(0, 50).Select(i => cache.GetAsync($"{i}")).ToList();
        using var attempt = await server.AcceptSocketAsync();
        clock.Advance(Soon);

        foreach (var call in calls) await Assert.ThrowsAsync<TimeoutException>(() => call.WaitAsync(Bound));
        Assert.False(server.Pending());
    }

    [Fact]
    public async Task A_command_without_an_answer_says_whose_it_is()
    {
        await using var cache = new HalDistributedCache(Options with { CommandTimeout = Soon }, TimeProvider.System);

        var late = await Assert.ThrowsAsync<TimeoutException>(() => cache.GetAsync("k"));

        Assert.Equal($"127.0.0.1:{Options.Port} did not answer within 0.2 s", late.Message);
    }

    [Fact]
    public async Task What_callers_leave_behind_is_no_unobserved_exception()
    {
        var unobserved = 0;
        var whose = $"127.0.0.1:{Options.Port} ";
        void Note(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            // Other tests may leave some of their own; what a link throws begins with one of these.
            var said = e.Exception.GetBaseException().Message;
            if (said.StartsWith("the connection ", StringComparison.Ordinal) || said.StartsWith(whose, StringComparison.Ordinal)) Interlocked.Increment(ref unobserved);
        }

        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            await LeaveAsync();
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }

        Assert.Equal(0, unobserved);
    }

    [Fact]
    public async Task Disposing_ends_the_calls_that_wait()
    {
        var cache = new HalDistributedCache(Options, TimeProvider.System);
        var connecting = new HalDistributedCache(Options with { Password = "secret" }, TimeProvider.System);
        List<Task> calls = [cache.GetAsync("a"), cache.GetAsync("b"), connecting.GetAsync("c")];

        await cache.DisposeAsync();
        await connecting.DisposeAsync();

        foreach (var call in calls) await Assert.ThrowsAsync<ObjectDisposedException>(() => call.WaitAsync(Bound));
    }

    // A frame of its own, so that nothing of it is held when the garbage is collected.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task LeaveAsync()
    {
        await using var cache = new HalDistributedCache(Options with { CommandTimeout = Soon }, TimeProvider.System);
        using var cancellation = new CancellationTokenSource();
        var cancelled = Enumerable.Range(0, 10).Select(i => cache.GetAsync($"{i}", cancellation.Token)).ToList();
        var late = Enumerable.Range(0, 10).Select(i => cache.GetAsync($"{i}")).ToList();

        await cancellation.CancelAsync();

        foreach (var call in cancelled) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        foreach (var call in late) await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(Bound));
    }
}
