using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Transport.Tests;

/// <summary>Loops that change hands while their connections are in use.</summary>
public sealed class LoopCrewTests : IDisposable
{
    private const int Connections = 40;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60); // a loaded machine; a lost edge never comes back

    private readonly LoopCrew crew = new(loops: 4);
    private readonly BlockPool pool = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Every_byte_comes_back_however_the_loops_change_hands(int seed)
    {
        using var stop = new CancellationTokenSource(Bound);
        Socket[] clients = await Task.WhenAll(Enumerable.Range(0, Connections).Select(number => ConnectAsync(number, EchoAsync)));
        Task echoes = Task.WhenAll(clients.Select((client, number) => Task.Run(() => PlayAsync(client, new Random((seed * 1000) + number), stop.Token))));

        var random = new Random(seed);
        while (!echoes.IsCompleted)
        {
            crew.Spread(1 << random.Next(3));
            await RunOnAllLoopsAsync(stop.Token);
        }

        await echoes.WaitAsync(stop.Token);
        foreach (Socket client in clients)
            client.Dispose();
    }

    [Fact]
    public async Task A_thread_that_leaves_its_loops_in_a_turn_keeps_none_of_their_connections_waiting()
    {
        using var stop = new CancellationTokenSource(Bound);
        using var goOn = new ManualResetEventSlim();
        Socket[] clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => ConnectAsync(number, EchoAsync)));
        var held = new TaskCompletionSource();
        crew.Loops[0].Post(new Work(() =>
        {
            crew.Loops[0].Leave();
            held.SetResult();
            goOn.Wait(stop.Token);
        }));
        await held.Task.WaitAsync(stop.Token);

        await Task.WhenAll(clients.Select((client, number) => PlayAsync(client, new Random(number), stop.Token)));
        crew.Spread(4);
        await RunOnAllLoopsAsync(stop.Token);

        goOn.Set();
        foreach (Socket client in clients)
            client.Dispose();
    }

    [Fact]
    public async Task Work_that_one_loop_leaves_to_the_end_of_another_ones_turn_is_not_slept_over()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource(Bound);

        // All loops have one thread, which has already been at the first when it comes to the last.
        crew.Loops[^1].Post(new Work(() => crew.Loops[0].AtEndOfTurn(new Work(done.SetResult))));

        await done.Task.WaitAsync(stop.Token);
    }

    public void Dispose() => crew.Dispose();

    private async Task RunOnAllLoopsAsync(CancellationToken stop)
    {
        var ran = crew.Loops.Select(static loop => (Loop: loop, Done: new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously))).ToArray();
        foreach ((EventLoop loop, TaskCompletionSource<bool> done) in ran)
            loop.Post(new Work(() => done.SetResult(loop.IsCurrentThread)));
        Assert.All(await Task.WhenAll(ran.Select(static each => each.Done.Task)).WaitAsync(stop), Assert.True);
    }

    private async Task<Socket> ConnectAsync(int number, Func<SocketConnection, Task> serve)
    {
        using var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listening.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(listening.LocalEndPoint!);
        Socket accepted = await listening.AcceptAsync();
        EventLoop loop = crew.Loops[number % crew.Loops.Length];
        var connection = new SocketConnection(accepted, loop, pool);
        loop.Add(connection);
        _ = serve(connection);
        return client;
    }

    private static async Task EchoAsync(SocketConnection connection)
    {
        try
        {
            while (true)
            {
                ReadResult read = await connection.Input.ReadAsync();
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                    connection.Output.Write(part.Span);
                connection.Input.AdvanceTo(read.Buffer.End);
                await connection.Output.FlushAsync();
                if (read.IsCompleted)
                    break;
            }
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    private static async Task PlayAsync(Socket client, Random random, CancellationToken stop)
    {
        for (int i = 0; i < 200; i++)
        {
            var sent = new byte[random.Next(1, i % 50 == 0 ? 300_000 : 300)];
            random.NextBytes(sent);
            var received = new byte[sent.Length];
            Task sending = client.SendAsync(sent, SocketFlags.None, stop).AsTask();
            for (int filled = 0; filled < received.Length;)
            {
                int count = await client.ReceiveAsync(received.AsMemory(filled), stop);
                Assert.NotEqual(0, count);
                filled += count;
            }

            await sending;
            Assert.True(sent.AsSpan().SequenceEqual(received), "other bytes came back");
        }
    }

    private sealed class Work(Action action) : ILoopWork
    {
        public void Run() => action();
    }
}
