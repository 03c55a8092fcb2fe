using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Text;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Gateway.Tests.Commands;
using Hal.Cache.Node;
using Hal.Cache.Node.Values;
using Hal.Cache.Storage;
using Hal.Cache.Testing.Connections;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Gateway.Tests.Clients;

/// <summary>A whole connection over two pipes in memory, with a store in memory behind it.</summary>
internal sealed class ConnectionHost : IAsyncDisposable
{
    /// <summary>Longest time that a test waits for what must happen.</summary>
    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    private readonly Pipe requests = new(new PipeOptions(pauseWriterThreshold: 64 << 10, resumeWriterThreshold: 32 << 10));
    private readonly Pipe replies = new(new PipeOptions(pauseWriterThreshold: 64 << 10, resumeWriterThreshold: 32 << 10));
    private readonly CancellationTokenSource ended = new();
    private readonly RespConnection connection;
    private readonly IBlobStore store;
    private readonly Keyspace keyspace;

    public ConnectionHost(string? password = null, OriginMount? origin = null)
    {
        Output = new(replies.Writer);
        var time = new ManualTimeProvider(DateTimeOffset.UnixEpoch.AddDays(20_000));
        store = BlobStores.Open(new BlobStoreOptions { MemoryBytes = 256 << 20, ObjectCodec = new CollectionCodec(new CollectionLimits()) }, new KeepsAllPolicy(), time).Value;
        var state = new ServerState(new GatewayOptions { RequirePass = password }, keyspace = new Keyspace(store, new Origins(origin), time), time);
        Client = new ClientSession(1, "remote", "local", time.GetUtcNow(), ended.Cancel);
        state.Acl.Begin(Client);
        State = state;
        Dispatcher = new CommandDispatcher(state);
        connection = new RespConnection(state, Dispatcher, Client, new DuplexPipe(requests.Reader, Output), null, null, ended.Token);
        Running = RunAsync();
    }

    public ServerState State { get; }

    public CommandDispatcher Dispatcher { get; }

    public ClientSession Client { get; }

    public PipeWriter Requests => requests.Writer;

    /// <summary>What the connection writes to, which takes lent bytes as a socket's writer does.</summary>
    public LendingWriter Output { get; }

    /// <summary>Ends when the connection does; fails where the connection threw what its handler does not expect.</summary>
    public Task Running { get; }

    public async Task SendAsync(string bytes) => await Requests.WriteAsync(Encoding.Latin1.GetBytes(bytes));

    /// <summary>So many bytes of replies, each a character.</summary>
    public async Task<string> ReceiveAsync(int count)
    {
        ReadResult read = await replies.Reader.ReadAtLeastAsync(count).AsTask().WaitAsync(WaitMax);
        int there = (int)Math.Min(count, read.Buffer.Length);
        byte[] bytes = new byte[there];
        System.Buffers.BuffersExtensions.CopyTo(read.Buffer.Slice(0, there), bytes);
        replies.Reader.AdvanceTo(read.Buffer.GetPosition(there));
        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>All replies up to the connection's end.</summary>
    public async Task<string> ReceiveAllAsync()
    {
        var all = new MemoryStream();
        await replies.Reader.CopyToAsync(all).WaitAsync(WaitMax);
        return Encoding.Latin1.GetString(all.ToArray());
    }

    public static string Request(params string[] args) =>
        $"*{args.Length}\r\n" + string.Concat(args.Select(arg => $"${arg.Length}\r\n{arg}\r\n"));

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await requests.Writer.CompleteAsync();
        await replies.Reader.CompleteAsync();
        await Running.WaitAsync(WaitMax);
        ended.Dispose();
        await keyspace.DisposeAsync();
        await store.DisposeAsync();
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        try
        {
            await connection.RunAsync();
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The host was disposed of while the connection waited.
        }
        finally
        {
            connection.Dispose();
            await requests.Reader.CompleteAsync();
            await Output.CompleteAsync();
        }
    }

    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    private sealed class Origins(OriginMount? only) : IOriginTable
    {
        public IReadOnlyList<OriginMount> Mounts { get; } = only is null ? [] : [only];

        public bool TryMatch(ReadOnlySpan<byte> key, [NotNullWhen(true)] out OriginMount? mount)
        {
            mount = only is not null && key.StartsWith(only.Prefix.Span) ? only : null;
            return mount is not null;
        }
    }
}
