using System.Diagnostics;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Hostile;

/// <summary>A well-behaved client beside a hostile one: it asks all the time, and remembers its longest wait.</summary>
internal sealed class Neighbour : IDisposable
{
    /// <summary>The longest that one PING may take while another client misbehaves; generous, for machines of two busy cores.</summary>
    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(5);

    private readonly RespTestClient _client;
    private readonly Task<TimeSpan> _loop;
    private volatile bool _stop;

    public Neighbour(int port)
    {
        _client = new RespTestClient(port, WaitMax + WaitMax);
        _loop = Task.Factory.StartNew(Ask, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Stops asking and returns the longest wait; throws what went wrong on the way.</summary>
    public TimeSpan LongestWait()
    {
        _stop = true;
        return _loop.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _stop = true;
        _client.Dispose();
    }

    private TimeSpan Ask()
    {
        var longest = TimeSpan.Zero;
        do
        {
            var watch = Stopwatch.StartNew();
            var reply = _client.Command("PING");
            if (reply.Text != "PONG") throw new InvalidOperationException($"A neighbour's PING was answered {reply}.");
            if (watch.Elapsed > longest) longest = watch.Elapsed;
        }
        while (!_stop);

        return longest;
    }
}
