using System.Text;
using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Tests;

public sealed class CommandDispatcherTests
{
    private const int Runs = 10_000;

    [Fact]
    public async Task Start_allocates_nothing_when_a_get_hits()
    {
        await using var host = new ConnectionHost();
        using var context = new CommandContext(host.State, host.State.Keyspace, host.Client);
        Run(host, context, ConnectionHost.Request("SET", "k", "value"), 1);
        byte[] get = Encoding.ASCII.GetBytes(ConnectionHost.Request("GET", "k"));
        Run(host, context, get, Runs);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(host, context, get, Runs);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocated);
        Assert.Equal("$5\r\nvalue\r\n", Encoding.ASCII.GetString(context.Reply.WrittenSpan));
    }

    private static void Run(ConnectionHost host, CommandContext context, string request, int runs) =>
        Run(host, context, Encoding.ASCII.GetBytes(request), runs);

    private static void Run(ConnectionHost host, CommandContext context, byte[] request, int runs)
    {
        for (int i = 0; i < runs; i++)
        {
            context.Reply.Clear();
            if (context.Parser.Parse(request) != ParseResult.Command) throw new InvalidOperationException("The request is whole.");
            context.SetInput(request);
            if (host.Dispatcher.Start(context) != Outcome.Done) throw new InvalidOperationException("The command ends at once.");
            context.End();
            context.Parser.Reset();
        }
    }
}
