using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Text;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Gateway.Tests.Commands;
using Hal.Cache.Node;
using Hal.Cache.Node.Values;
using Hal.Cache.Storage;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>A server in memory with as many clients as a script names, each over its own two pipes.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private readonly IBlobStore store;
    private readonly Dictionary<string, TestClient> clients = [];
    private readonly CommandDispatcher dispatcher;

    public ServerHost(IEvictionPolicy? policy = null, GatewayOptions? options = null)
    {
        store = BlobStores.Open(new BlobStoreOptions { MemoryBytes = 256 << 20, ObjectCodec = new CollectionCodec(new CollectionLimits()) }, policy ?? new KeepsAllPolicy(), Time).Value;
        State = new ServerState(options ?? new GatewayOptions(), new Keyspace(store, new NoOrigins(), Time), Time);
        dispatcher = new CommandDispatcher(State);
    }

    public ManualTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddDays(20_000));

    public ServerState State { get; }

    public IBlobStore Store => store;

    public TestClient this[string name]
    {
        get
        {
            if (!clients.TryGetValue(name, out TestClient? client)) clients[name] = client = new TestClient(State, dispatcher, Time);
            return client;
        }
    }

    /// <summary>
    /// Runs a script, commands separated by "; ", each after the name of its client and ">"; "$a" in it is the number of client a, and "+5"
    /// moves the clock by so many seconds. Returns all that the client "a" got since its last HELLO, lines separated by "|".
    /// </summary>
    public async Task<string> RunAsync(string script)
    {
        var got = new StringBuilder();
        foreach (string step in script.Split("; "))
        {
            if (step.StartsWith('+'))
            {
                Time.Advance(TimeSpan.FromSeconds(int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)));
                continue;
            }

            (string name, string command) = (step[..step.IndexOf('>', StringComparison.Ordinal)], step[(step.IndexOf('>', StringComparison.Ordinal) + 1)..]);
            foreach (string other in clients.Keys) command = command.Replace("$" + other, $"{this[other].Session.Id}", StringComparison.Ordinal);
            string replies = await this[name].RunAsync(command.Split(' '));
            if (name != "a") continue;
            if (command is "HELLO 2" or "HELLO 3") got.Clear();
            else got.Append(replies);
        }

        got.Append(await this["a"].RestAsync());
        return got.ToString().Replace("\r\n", "|", StringComparison.Ordinal).TrimEnd('|');
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TestClient client in clients.Values) await client.DisposeAsync();
        await State.Fields.StopAsync();
        await store.DisposeAsync();
    }

    /// <summary>One connection.</summary>
    internal sealed class TestClient : IAsyncDisposable
    {
        private readonly Pipe requests = new(new PipeOptions(pauseWriterThreshold: 0));
        private readonly Pipe replies = new(new PipeOptions(pauseWriterThreshold: 0));
        private readonly CancellationTokenSource ended = new();
        private readonly ServerState state;
        private readonly Task running;
        private bool inMulti;

        public TestClient(ServerState state, CommandDispatcher dispatcher, TimeProvider time)
        {
            this.state = state;
            Session = new ClientSession(state.Clients.NextId(), "remote", "local", time.GetUtcNow(), ended.Cancel, state.Table.All.Count) { Limits = state.OutputLimits };
            state.Acl.Begin(Session);
            state.Clients.TryAdd(Session);
            running = RunAsync(new RespConnection(state, dispatcher, Session, new DuplexPipe(requests.Reader, replies.Writer), null, null, ended.Token));
        }

        public ClientSession Session { get; }

        public bool IsCut => ended.IsCancellationRequested;

        /// <summary>Ends when the connection has.</summary>
        public Task Ended => running;

        /// <summary>What came up to the command's reply and with it.</summary>
        public Task<string> RunAsync(string[] args)
        {
            inMulti = args[0] == "MULTI" || (inMulti && args[0] is not ("EXEC" or "DISCARD" or "RESET"));
            return ExchangeAsync(ConnectionHost.Request(args), isClient: args[0] == "CLIENT");
        }

        /// <summary>What comes on its own.</summary>
        public Task<string> RestAsync() => ExchangeAsync("", isClient: false);

        /// <summary>Sends commands, separated by "; ", in one go, and returns what came until a text did, lines separated by "|".</summary>
        public async Task<string> PipelineAsync(string commands, string end) =>
            (await ExchangeAsync(string.Concat(commands.Split("; ").Select(command => ConnectionHost.Request(command.Split(' ')))), end)).Replace("\r\n", "|", StringComparison.Ordinal);

        public async Task LeaveAsync()
        {
            await requests.Writer.CompleteAsync();
            await running.WaitAsync(ConnectionHost.WaitMax);
        }

        public async ValueTask DisposeAsync()
        {
            await ended.CancelAsync();
            await requests.Writer.CompleteAsync();
            await replies.Reader.CompleteAsync();
            await running.WaitAsync(ConnectionHost.WaitMax);
            ended.Dispose();
        }

        // An unknown command marks the end, since it is answered in every mode. It would break a transaction, where MULTI is refused, and end
        // CLIENT CACHING, where one of CLIENT's own is.
        private async Task<string> ExchangeAsync(string bytes, bool isClient)
        {
            (string[] mark, string end) = inMulti ? (["MULTI"], "-ERR MULTI calls can not be nested\r\n")
                : isClient ? (["CLIENT", "SETINFO", "????", "x"], "-ERR Unrecognized option '????'\r\n")
                : ((string[])["????"], "-ERR unknown command '????', with args beginning with: \r\n");
            string text = await ExchangeAsync(bytes + ConnectionHost.Request(mark), end);
            int at = text.IndexOf(end, StringComparison.Ordinal);
            return at < 0 ? text : text.Remove(at, end.Length); // messages may follow it
        }

        private async Task<string> ExchangeAsync(string bytes, string end)
        {
            await requests.Writer.WriteAsync(Encoding.Latin1.GetBytes(bytes));
            var text = new StringBuilder();
            while (true)
            {
                ReadResult read = await replies.Reader.ReadAsync().AsTask().WaitAsync(ConnectionHost.WaitMax);
                foreach (ReadOnlyMemory<byte> block in read.Buffer) text.Append(Encoding.Latin1.GetString(block.Span));
                replies.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || text.ToString().Contains(end, StringComparison.Ordinal)) return text.ToString();
            }
        }

        private async Task RunAsync(RespConnection connection)
        {
            await Task.Yield();
            try
            {
                await connection.RunAsync();
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                // The connection was cut.
            }
            finally
            {
                state.Ended(Session);
                connection.Dispose();
                await requests.Reader.CompleteAsync();
                await replies.Writer.CompleteAsync();
            }
        }
    }

    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
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
