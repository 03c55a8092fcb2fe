using System.Diagnostics.CodeAnalysis;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Node;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;
using Hal.Cache.Storage;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Gateway.Tests.Commands;

/// <summary>Runs string commands against a store in memory and gives their replies' bytes, each byte a character.</summary>
internal sealed class StringHost : IAsyncDisposable
{
    private readonly IBlobStore store;
    private readonly CommandContext context;

    private readonly bool owned;

    public StringHost(IObjectCodec? codec = null)
    {
        Time = new(DateTimeOffset.UnixEpoch.AddDays(20_000));
        Result<IBlobStore> opened = BlobStores.Open(new BlobStoreOptions { MemoryBytes = 256 << 20, ObjectCodec = codec ?? new CollectionCodec(new CollectionLimits()) }, new KeepsAllPolicy(), Time);
        store = opened.Value;
        owned = true;
        context = Context();
    }

    private StringHost(StringHost first)
    {
        Time = first.Time;
        store = first.store;
        context = Context();
    }

    public ManualTimeProvider Time { get; }

    public IBlobStore Store => store;

    public int Protocol
    {
        set => context.Reply.Protocol = value;
    }

    /// <summary>Runs a command whose arguments are separated by spaces.</summary>
    public Task<string> LineAsync(string line) => RunAsync(line.Split(' '));

    public async Task<string> RunAsync(params string[] args)
    {
        context.Reply.Clear();
        await ParseAsync(Array.ConvertAll(args, Encoding.Latin1.GetBytes));
        CommandSpec spec = context.Server.Table.Find(context.Arg(0))!;
        context.Spec = spec;
        context.Begin();
        foreach (KeySpec keys in (KeySpec[])[spec.Keys, .. spec.MoreKeys])
        {
            if (!keys.TryRange(context, out int from, out int to)) continue;
            for (int i = from; i <= to; i += keys.Step) context.AddKey(i);
        }

        Outcome outcome;
        bool materialise;
        do
        {
            context.BeginRun(0);
            outcome = Outcome.Retry;
            materialise = false;
            context.Lock();
            try
            {
                outcome = spec.Handler(context);
            }
            catch (ArgumentNotInMemoryException)
            {
                materialise = true;
            }
            finally
            {
                context.Unlock();
            }
        }
        while (outcome == Outcome.Retry && (materialise ? await context.MaterialiseAsync() : await context.ResolveFaultAsync()));

        if (outcome == Outcome.Async) await context.Pending!(context);
        string reply = await ReplyAsync();
        context.End();
        context.Parser.Reset();
        return reply;
    }

    private async Task ParseAsync(byte[][] args)
    {
        var request = new List<byte>(Encoding.Latin1.GetBytes($"*{args.Length}\r\n"));
        var larges = new Queue<byte[]>();
        foreach (byte[] arg in args)
        {
            request.AddRange(Encoding.Latin1.GetBytes($"${arg.Length}\r\n"));
            if (arg.Length > RespLimits.StreamedBulkBytes) larges.Enqueue(arg);
            else request.AddRange([.. arg, (byte)'\r', (byte)'\n']);
        }

        byte[] input = [.. request];
        while (context.Parser.Parse(input) == ParseResult.LargeArgument)
        {
            byte[] bytes = larges.Dequeue();
            ILargeValue value = store.Stage(bytes.Length);
            for (int chunk = 0; chunk < value.ChunkCount; chunk++)
            {
                int offset = chunk * IBlobStore.ChunkBytes;
                int count = Math.Min(IBlobStore.ChunkBytes, bytes.Length - offset);
                Assert.Null(await value.WriteChunkAsync(chunk, bytes.AsMemory(offset, count), default));
            }

            context.AddLarge(value);
            context.Parser.LargeTaken();
        }

        context.SetInput(context.Parser.Source(input));
    }

    private async Task<string> ReplyAsync()
    {
        var reply = new StringBuilder();
        int at = 0;
        foreach (DeferredBody body in context.Reply.Deferred)
        {
            reply.Append(Encoding.Latin1.GetString(context.Reply.WrittenSpan[at..body.Position]));
            at = body.Position;
            using var reader = (ValueReader)body.Source;
            var bytes = new byte[body.Length];
            for (int done = 0; done < bytes.Length;) done += (await reader.ReadAsync(bytes.AsMemory(done), default)).Value;
            reply.Append(Encoding.Latin1.GetString(bytes));
        }

        return reply.Append(Encoding.Latin1.GetString(context.Reply.WrittenSpan[at..])).ToString();
    }

    public void PutOther(string key)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(key);
        ulong hash = store.Hash(bytes);
        WriteScope scope = default;
        store.Lock(store.AllShards);
        store.Put(new BlobKey(0, bytes, hash), BlobType.List, "x"u8, 0, EntryFlags.None, ref scope);
        store.Unlock(store.AllShards);
    }

    private CommandContext Context()
    {
        var keyspace = new Keyspace(store, new NoOrigins(), Time);
        var client = new ClientSession(1, "", "", Time.GetUtcNow(), () => { }) { IsAuthenticated = true };
        return new(new ServerState(new GatewayOptions(), keyspace, Time), keyspace, client);
    }

    /// <summary>Another connection to the same store.</summary>
    public StringHost Second() => new(this);

    public async ValueTask DisposeAsync()
    {
        context.Dispose();
        if (owned) await store.DisposeAsync();
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
