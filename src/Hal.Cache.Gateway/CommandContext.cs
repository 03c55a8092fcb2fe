using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Blocking;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Gateway.Transactions;
using Hal.Cache.Node;
using Hal.Cache.Node.Tree;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway;

/// <summary>
/// What a handler sees: the command's arguments, the keys, and the reply that it writes. One per connection, used again for every
/// command; argument spans are valid until the command ends.
/// </summary>
internal sealed class CommandContext : IDisposable
{
    private readonly StreamedArguments larges = new();
    private bool ownsReply;
    private InnerContexts? inner;
    private ulong[] hashes = new ulong[GatewayLimits.ArgsKept];
    private MemoryHandle pin;
    private unsafe byte* input;
    private int inputLength;
    private WriteScope scope;

    public CommandContext(ServerState server, Keyspace keyspace, ClientSession client)
        : this(server, keyspace, client, new RespWriter(), new CommandMemory()) => ownsReply = true;

    private CommandContext(
        ServerState server, Keyspace keyspace, ClientSession client, RespWriter reply, CommandMemory learned, CommandContext? outer = null)
    {
        (Learned, Outer) = (learned, outer);
        Server = server;
        Keyspace = keyspace;
        Store = keyspace.Store;
        Client = client;
        Reply = reply;
        Parser = new RespRequestParser { RequestBytesMax = GatewayLimits.RequestBytesMax };
        scope.Writer = client.Id;
    }

    /// <summary>A context for the queued commands of a transaction, which write into this one's reply.</summary>
    internal static CommandContext ForTransaction(CommandContext outer) =>
        new(outer.Server, outer.Keyspace, outer.Client, outer.Reply, new CommandMemory(), outer) { IsInTransaction = true }; // goes on to its end when the client leaves

    /// <summary>A context for the commands of a script, with a reply of its own; what the script's waits have learned is the outer command's.</summary>
    internal static CommandContext ForScript(CommandContext outer) =>
        new(outer.Server, outer.Keyspace, outer.Client, new RespWriter(), outer.Learned, outer) { IsInTransaction = true, IsInScript = true, ownsReply = true };

    /// <summary>The context of the transaction or script that this one's commands are of; null where there is none.</summary>
    internal CommandContext? Outer { get; }

    /// <summary>What the command's waits have learned.</summary>
    internal CommandMemory Learned { get; }

    /// <summary>The contexts for transactions and scripts, which are kept.</summary>
    internal InnerContexts Inner => inner ??= new(this);

    public ClientSession Client { get; }

    public RespWriter Reply { get; }

    public Keyspace Keyspace { get; }

    public IBlobStore Store { get; }

    public ServerState Server { get; }

    /// <summary>What the handler has changed in a collection and not yet logged.</summary>
    public ChangeLog Changes { get; } = new();

    /// <summary>Keys that the command made ready while clients waited for them; served when its locks are gone.</summary>
    public List<BlockedKey>? Ready { get; internal set; }

    /// <summary>The wait that the command is run again for, by whoever made a key ready.</summary>
    public BlockedClient? Serving { get; set; }

    /// <summary>Long work may be done here: the thread is none that polls sockets.</summary>
    public bool IsOnPool => HasLeftLoop && Thread.CurrentThread.IsThreadPoolThread;

    /// <summary>The connection went to the pool for a command, and goes on there until it waits for input.</summary>
    public bool HasLeftLoop { get; set; }

    /// <summary>The event loop that runs the connection, where it can be left in the middle of a command; else null.</summary>
    public IConnectionLoop? Loop { get; init; }

    /// <summary>The event loop that runs the connection, with whose turn questions to other instances go out.</summary>
    public IConnectionLoop? Turns
    {
        init => Learned.Loop = value;
    }

    /// <summary>Whether the command stays on this thread, an event loop's, until it takes long.</summary>
    public bool MayLeaveLoop => Spec.Has(CommandFlags.LeavesLoop) && Loop is { IsCurrentThread: true };

    public CommandSpec Spec { get; set; } = CommandTable.Unknown;

    /// <summary>The span of the command that runs, or whose reply's bodies are still to be sent; null where it has none.</summary>
    public Activity? Span { get; set; }

    /// <summary>A key's value is of a kind that is not copied: the authority runs the command.</summary>
    public bool IsElsewhere { get; internal set; }

    /// <summary>Sends what was written so far, set by the connection where replies may go out in parts.</summary>
    public Func<ValueTask>? SendSoFar { get; set; }

    /// <summary>What the replies that were written wait for besides the commit.</summary>
    public PublicationWaits Waits { get; } = new();

    /// <summary>The instance that forwarded the command and is to hold what it writes.</summary>
    public WriteMark Writer { get; set; }

    /// <summary>Where SCAN goes on at one of several roots; null for where the client says.</summary>
    public ulong? Cursor { get; set; }

    /// <summary>Ends when the connection does.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>Whether EXEC runs the command: it must not wait for other clients, and its keys stay locked after it.</summary>
    public bool IsInTransaction { get; private init; }

    /// <summary>The command goes to the authority of its keys whole, once what was put off for it runs.</summary>
    internal bool IsForwarded { get; set; }

    /// <summary>Whether a script calls the command.</summary>
    public bool IsInScript { get; private init; }

    /// <summary>Number of arguments, the name included.</summary>
    public int Count { get; private set; }

    /// <summary>The clock as the command sees it.</summary>
    public DateTimeOffset Time => StandingTime ?? Server.Time.GetUtcNow();

    /// <summary>The same in Unix milliseconds.</summary>
    public long Now => Time.ToUnixTimeMilliseconds();

    /// <summary>When the transaction or script began that the command is a part of: no time passes in it.</summary>
    internal DateTimeOffset? StandingTime { get; set; }

    /// <summary>Whether a script's commands may take no memory: there is none left here, or where the script came from.</summary>
    public bool IsMemoryDenied => Server.Memory.IsExceeded || Client.Peer is { Call.DeniesMemory: true };

    /// <summary>Whether a script may not write, for want of replicas here or where it came from.</summary>
    public bool AreWritesDenied => Server.WritesNeedReplicas || Client.Peer is { Call.DeniesWrites: true };

    /// <summary>What the connection's flush waits for where the store acknowledges commits.</summary>
    public ref WriteScope Scope => ref scope;

    /// <summary>Mask of the shards of the command's keys.</summary>
    public ulong Shards { get; private set; }

    /// <summary>Whether the keys are at this moment those of another's transaction, which waits. Needs the locks.</summary>
    public bool IsFenced => !IsInTransaction && Server.Fence.Holds(Shards);

    /// <summary>What the last lookup or change that answered false has to wait for.</summary>
    public Fault Fault { get; internal set; }

    /// <summary>The work that <see cref="RunAsync"/> was given.</summary>
    public Func<CommandContext, ValueTask>? Pending { get; private set; }

    /// <summary>Whether the command answered an error; counters read it.</summary>
    public bool Failed { get; internal set; }

    /// <summary>The command was kept for EXEC, which counts it.</summary>
    internal bool IsQueued { get; set; }

    /// <summary>The command was refused before it ran; counters read it.</summary>
    internal bool IsRejected { get; set; }

    /// <summary>What was written are messages, which CLIENT REPLY does not turn off: subscriptions are answered with them.</summary>
    internal bool IsPush => Spec.Group == "pubsub" && Spec.Has(CommandFlags.WhileSubscribed) && !Failed && !IsQueued;

    /// <summary>What was written is what CLIENT REPLY lets through: EXEC asks for each command, as that may change in the midst of them.</summary>
    internal bool IsSifted { get; set; }

    /// <summary>Work that <see cref="RunAsync"/> was given has ended the connection.</summary>
    public bool Closes { get; set; }

    /// <summary>An argument was asked for as a span that was not in memory: <see cref="MaterialiseAsync"/> comes before the next run.</summary>
    public bool NeedsArguments { get; set; }

    /// <summary>Why a streamed argument could not be stored: the request is refused with it once it is complete.</summary>
    public CacheError? Refused { get; set; }

    internal RespRequestParser Parser { get; }

    /// <summary>Where the reply begins in the writer when the command starts.</summary>
    internal int ReplyStart { get; set; }

    internal int Hits { get; private set; }

    internal int Misses { get; private set; }

    internal int Dirty { get; set; }

    /// <summary>An argument's bytes; a streamed one is put together first, up to <see cref="GatewayLimits.MaterialisedArgBytesMax"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Arg(int index) => larges.Count == 0 ? Parser.Arg(index, Input) : ArgSlow(index);

    /// <summary>Whether the argument was streamed into the store because it is longer than <see cref="RespLimits.StreamedBulkBytes"/>.</summary>
    public bool IsLarge(int index) => larges.Count != 0 && Parser[index].Large >= 0;

    /// <summary>Whether any argument was streamed into the store.</summary>
    public bool HasLargeArguments => larges.Count != 0;

    /// <summary>The staged value of a streamed argument, else null; the context keeps it until the command ends.</summary>
    public ILargeValue? LargeArg(int index) => IsLarge(index) ? larges[Parser[index].Large] : null;

    /// <summary>Puts streamed arguments together before a handler changes anything, since it runs anew where one is not in memory.</summary>
    public void NeedArguments()
    {
        if (larges.Count == 0) return;
        for (int i = 1; i < Count; i++) Arg(i);
    }

    /// <summary>Whether the argument can be had as a span.</summary>
    public bool HasWhole(int index) => !IsLarge(index) || larges.HasWhole(Parser[index].Large);

    public long ArgLength(int index) => LargeArg(index)?.Length ?? Parser[index].Length;

    /// <summary>A key argument in the client's database; the dispatcher has computed its hash and locked its shard.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public BlobKey Key(int index) => new(Client.Database, Arg(index), hashes[index]);

    /// <summary>The hash of the last command's key argument, also when its arguments are gone; 0 where it was not kept.</summary>
    internal ulong KeyHash(int index) => index < hashes.Length ? hashes[index] : 0;

    /// <summary>The same key in another database; it has the same shard.</summary>
    public BlobKey Key(int index, int database) => new(database, Arg(index), hashes[index]);

    /// <summary>Finds a key argument's entry, which may be none; false means <c>return Outcome.Retry</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(int arg, Need need, out EntryRef entry) => TryFind(Key(arg), need, out entry);

    /// <summary>Finds a key's entry, which may be none; false means <c>return Outcome.Retry</c>.</summary>
    public bool TryFind(in BlobKey key, Need need, out EntryRef entry)
    {
        if (Keyspace.TryFind(key, need, ref scope, Learned, out entry, out Fault fault))
        {
            if (entry.IsNone)
            {
                Misses++;
                if (Server.Notifications.WantsMisses && !Spec.IsWrite) Server.Notifications.Tell("keymiss", key.Bytes, key.Database, Client.Id);
                return true;
            }

            Hits++;
            if (need == Need.Value && !Client.NoTouch) Store.Touch(entry);
            return true;
        }

        Fault = fault;
        return false;
    }

    /// <summary>Goes on with work that may wait, after the locks are gone; it writes the reply.</summary>
    public Outcome RunAsync(Func<CommandContext, ValueTask> work)
    {
        Pending = work;
        return Outcome.Async;
    }

    /// <summary>Points the arguments at the bytes that the parser's ranges are ranges of, pinned until the next call.</summary>
    internal unsafe void SetInput(ReadOnlyMemory<byte> bytes)
    {
        pin.Dispose();
        pin = bytes.Pin();
        input = (byte*)pin.Pointer;
        inputLength = bytes.Length;
    }

    internal unsafe ReadOnlySpan<byte> Input => new(input, inputLength);

    /// <summary>Bytes of a streamed argument that have come so far.</summary>
    internal long ArrivingBytes { get; set; }

    /// <summary>Bytes of streamed arguments; any thread may ask.</summary>
    internal long StreamedBytes => larges.Bytes + ArrivingBytes;

    internal void AddLarge(ILargeValue value) => larges.Add(value);

    /// <summary>A copy of the request as the parser takes it again, with its streamed arguments, which are the caller's from here on.</summary>
    internal QueuedCommand TakeRequest()
    {
        bool isPlain = larges.Count == 0 && Input[0] == (byte)'*'; // the parser's ranges are the request's
        QueuedKey key = isPlain && !Spec.IsKeyless && Spec.MoreKeys.Length == 0 && Spec.Keys.TryRange(this, out int from, out int to) && from == to
            ? new(Parser[from].Offset, Parser[from].Length, hashes[from])
            : default;
        return new(Spec, Input[..Parser.Consumed].ToArray(), larges.Take(), key);
    }

    /// <summary>Begins the command that the parser has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Begin()
    {
        Count = Parser.Count;
        ReplyStart = Reply.Length;
        Closes = false;
        Shards = 0;
        IsElsewhere = false;
        Writer = default;
        Cursor = null;
        Failed = false;
        IsRejected = IsQueued = IsForwarded = IsSifted = false;
        Dirty = 0;
        Hits = 0;
        Misses = 0;
        Pending = null;
        NeedsArguments = false;
        Changes.Clear();
        if (!IsInTransaction) Learned.Begin(); // what one command of a transaction has learned stays true for the next
    }

    /// <summary>Begins the reply of a command that was forwarded, and whose arguments are gone.</summary>
    internal void BeginForwarded() => Failed = false;

    /// <summary>Begins the handler's next run.</summary>
    internal void BeginRun(int replyStart)
    {
        DropReply(replyStart);
        Hits = 0;
        Misses = 0;
        Dirty = 0;
        Failed = false;
        Pending = null;
        Changes.Clear();
    }

    /// <summary>Drops what was written from the position on, and lets go of the values whose bodies were to be streamed.</summary>
    internal void DropReply(int position)
    {
        foreach (DeferredBody body in Reply.Deferred)
        {
            if (body.Position >= position && body.Source is IDisposable source) source.Dispose();
        }

        Reply.Truncate(position);
    }

    /// <summary>Notes a key argument's hash, and adds its shard to the mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AddKey(int index)
    {
        ulong hash = Store.Hash(Arg(index));
        if ((uint)index >= (uint)hashes.Length) GrowHashes();
        hashes[index] = hash;
        Shards |= Store.ShardOf(hash);
    }

    internal void LockAll() => Shards = Store.AllShards;

    /// <summary>Begins anew what the next flush waits for.</summary>
    internal void ResetScope() => scope = new WriteScope { Writer = Client.Id };

    /// <summary>Puts streamed arguments together where they were asked for as spans but were not all in memory.</summary>
    internal async ValueTask<bool> MaterialiseAsync()
    {
        NeedsArguments = false;
        if (await larges.MaterialiseAsync(Cancellation) is not { } error) return true;
        this.Error(error);
        return false;
    }

    /// <summary>Ends the command: its streamed arguments are let go of.</summary>
    internal void End()
    {
        Refused = null;
        if (larges.Count != 0) larges.Clear();
        if (hashes.Length > GatewayLimits.ArgsKept) hashes = new ulong[GatewayLimits.ArgsKept];
    }

    public void Dispose()
    {
        Span?.Stop();
        larges.Clear();
        if (ownsReply)
        {
            DropReply(0);
            Reply.Dispose();
        }

        Parser.Reset();
        pin.Dispose();
        pin = default;
    }

    private ReadOnlySpan<byte> ArgSlow(int index)
    {
        int large = Parser[index].Large;
        if (large < 0) return Parser.Arg(index, Input);
        return larges.Whole(large);
    }

    private void GrowHashes() => Array.Resize(ref hashes, Math.Max(Count, hashes.Length * 2));
}
