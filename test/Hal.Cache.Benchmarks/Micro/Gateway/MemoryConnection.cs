using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Text;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway;
using Hal.Cache.Node;
using Hal.Cache.Storage;
using Hal.Cache.Storage.Eviction;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hal.Cache.Benchmarks.Micro.Gateway;

/// <summary>
/// A connection of the gateway over two pipes in memory, with a store in memory behind it. Both pipes run what waits on the caller's
/// thread, so that a request's whole way is done, and its allocations counted, when <see cref="Ask"/> returns.
/// </summary>
internal sealed class MemoryConnection : IAsyncDisposable
{
    private readonly Pipe requests = new(Inline());
    private readonly Pipe replies = new(Inline());
    private readonly IBlobStore store;
    private readonly Keyspace keyspace;
    private readonly Task running;

    public MemoryConnection()
    {
        var options = new BlobStoreOptions { MemoryBytes = BlobStoreOptions.MemoryBytesMin };
        store = BlobStores.Open(options, EvictionPolicies.Create("noeviction", seed: 1), TimeProvider.System).Value;
        keyspace = new Keyspace(store, new NoOrigins(), TimeProvider.System);
        var connection = new DefaultConnectionContext("benchmark", new Transport(requests.Reader, replies.Writer), new Transport(replies.Reader, requests.Writer));
        running = Served(new RespGateway(new GatewayOptions(), keyspace, TimeProvider.System))(connection);
    }

    /// <summary>A request as it goes over the wire.</summary>
    public static byte[] Request(params string[] args) =>
        Encoding.ASCII.GetBytes($"*{args.Length}\r\n" + string.Concat(args.Select(arg => $"${arg.Length}\r\n{arg}\r\n")));

    /// <summary>Sends a request and throws unless the reply is there, and right, when that returns.</summary>
    public void Ask(byte[] request, byte[] expected)
    {
        request.CopyTo(requests.Writer.GetSpan(request.Length));
        requests.Writer.Advance(request.Length);
        ValueTask<FlushResult> flushed = requests.Writer.FlushAsync();
        if (!flushed.IsCompleted || !replies.Reader.TryRead(out ReadResult read) || !read.Buffer.FirstSpan.SequenceEqual(expected))
            throw new BenchmarkException("the gateway's reply is not there at once, or not the right one");
        _ = flushed.Result;
        replies.Reader.AdvanceTo(read.Buffer.End);
    }

    public async ValueTask DisposeAsync()
    {
        await requests.Writer.CompleteAsync();
        await running;
        await replies.Reader.CompleteAsync();
        await keyspace.DisposeAsync();
        await store.DisposeAsync();
    }

    // What a listener would do with a connection; nothing listens.
    private static ConnectionDelegate Served(RespGateway gateway)
    {
        ConnectionDelegate? served = null;
        new KestrelServerOptions().ListenAnyIP(0, listen =>
        {
            listen.UseResp(gateway);
            served = listen.Build();
        });
        return served!;
    }

    private static PipeOptions Inline() =>
        new(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

    private sealed class Transport(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    private sealed class NoOrigins : IOriginTable
    {
        public IReadOnlyList<OriginMount> Mounts => [];

        public bool TryMatch(ReadOnlySpan<byte> key, [NotNullWhen(true)] out OriginMount? mount)
        {
            mount = null;
            return false;
        }
    }
}
