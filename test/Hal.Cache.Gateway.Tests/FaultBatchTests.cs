using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Testing.Origins;

namespace Hal.Cache.Gateway.Tests;

public sealed class FaultBatchTests
{
    private const int Keys = 100;

    [Theory]
    [InlineData("MGET")]
    [InlineData("EXISTS")]
    public async Task Cold_keys_of_one_command_are_asked_for_together(string command)
    {
        var memory = new MemoryOrigin();
        for (int i = 0; i < Keys; i++) memory.Put(Name(i), Encoding.ASCII.GetBytes(Value(i)));
        var gathered = new GatheringOrigin(memory, wanted: 8);
        await using var host = new ConnectionHost(origin: new OriginMount("o/"u8.ToArray(), gathered, Freshness.Immutable));
        string expected = command == "EXISTS"
            ? $":{Keys}\r\n"
            : $"*{Keys}\r\n" + string.Concat(Enumerable.Range(0, Keys).Select(i => $"${Value(i).Length}\r\n{Value(i)}\r\n"));

        await host.SendAsync(ConnectionHost.Request([command, .. Enumerable.Range(0, Keys).Select(i => "o/" + Name(i))]));
        string reply = await host.ReceiveAsync(expected.Length);

        Assert.Equal(expected, reply);
        Assert.Equal(Keys, gathered.Calls);
        Assert.InRange(gathered.MostAtOnce, 8, GatewayLimits.FaultsAtOnceMax);
    }

    [Fact]
    public async Task Absent_keys_are_null_and_each_is_asked_for_once()
    {
        var memory = new MemoryOrigin();
        memory.Put("there", "x"u8.ToArray());
        var gathered = new GatheringOrigin(memory, wanted: 2);
        await using var host = new ConnectionHost(origin: new OriginMount("o/"u8.ToArray(), gathered, Freshness.Immutable));
        const string expected = "*5\r\n$-1\r\n$1\r\nx\r\n$-1\r\n$-1\r\n$-1\r\n";

        await host.SendAsync(ConnectionHost.Request("MGET", "o/none", "o/there", "o/none", "free", "o/neither"));
        string reply = await host.ReceiveAsync(expected.Length);

        Assert.Equal(expected, reply);
        Assert.Equal(3, gathered.Calls);
        Assert.Equal(4, host.State.Keyspace.Statistics.Misses);
    }

    [Fact]
    public async Task First_error_by_the_order_of_keys_is_the_reply()
    {
        var memory = new MemoryOrigin();
        memory.Put("there", "x"u8.ToArray());
        var faulty = new FaultyOrigin(memory, seed: 1) { FailEvery = 1, FailOn = OriginCall.Open };
        await using var host = new ConnectionHost(origin: new OriginMount("o/"u8.ToArray(), faulty, Freshness.Immutable));
        string expected = "-" + RespErrors.Of(new CacheError(CacheErrorCode.Unavailable, "the test origin fails this call")) + "\r\n";

        await host.SendAsync(ConnectionHost.Request("MGET", "free", "o/there", "o/none"));
        string reply = await host.ReceiveAsync(expected.Length);

        Assert.Equal(expected, reply);
    }

    private static string Name(int number) => $"key{number}";

    private static string Value(int number) => $"value {number}";

    /// <summary>Holds its first calls until so many are there at once: who asks one after the other never gets an answer.</summary>
    private sealed class GatheringOrigin(IOrigin inner, int wanted) : IOrigin
    {
        private readonly TaskCompletionSource gathered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock gate = new();
        private int calls;
        private int atOnce;

        public int Calls => Volatile.Read(ref calls);

        public int MostAtOnce { get; private set; }

        public async ValueTask<Result<OriginObject>> StatAsync(ReadOnlyMemory<byte> path, CancellationToken cancellation)
        {
            await EnterAsync(cancellation);
            Result<OriginObject> found = await inner.StatAsync(path, cancellation);
            Leave();
            return found;
        }

        public async ValueTask<Result<IOriginReader>> OpenAsync(ReadOnlyMemory<byte> path, OriginObject? expected, CancellationToken cancellation)
        {
            await EnterAsync(cancellation);
            Result<IOriginReader> opened = await inner.OpenAsync(path, expected, cancellation);
            Leave();
            return opened;
        }

        private Task EnterAsync(CancellationToken cancellation)
        {
            lock (gate)
            {
                calls++;
                MostAtOnce = Math.Max(MostAtOnce, ++atOnce);
                if (atOnce == wanted) gathered.TrySetResult();
            }

            return gathered.Task.WaitAsync(ConnectionHost.WaitMax, cancellation);
        }

        private void Leave()
        {
            lock (gate) atOnce--;
        }
    }
}
