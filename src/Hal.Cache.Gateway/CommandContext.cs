using System.Buffers;
using System.Runtime.CompilerServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway;

/// <summary>
/// What a handler sees: the command's arguments, the keys, and the reply that it writes. One per connection, used again for every
/// command; argument spans are valid until the command ends.
/// </summary>
internal sealed class CommandContext : IDisposable
{
    private readonly List<ILargeValue> larges = [];
    private readonly List<byte[]?> materialised = [];
    private readonly CommandMemory learned = new();
    private ulong[] hashes = new ulong[GatewayLimits.ArgsKept];
    private MemoryHandle pin;
    private unsafe byte* input;
    private int inputLength;
    private WriteScope scope;

    public CommandContext(ServerState server, Keyspace keyspace, ClientSession client)
    {
        Server = server;
        Keyspace = keyspace;
        Store = keyspace.Store;
        Client = client;
        Reply = new RespWriter();
        scope.Writer = client.Id;
        Parser = new RespRequestParser { RequestBytesMax = GatewayLimits.RequestBytesMax };
    }

    public ClientSession Client { get; }

    public RespWriter Reply { get; }

    public Keyspace Keyspace { get; }

    public IBlobStore Store { get; }

    public ServerState Server { get; }

    public CommandSpec Spec { get; set; } = CommandTable.Unknown;

    /// <summary>Sends what was written so far, set by the connection where replies may go out in parts.</summary>
    public Func<ValueTask>? SendSoFar { get; set; }

    /// <summary>What the replies that were written wait for besides the commit.</summary>
    public PublicationWaits Waits { get; } = new();

    /// <summary>Ends when the connection does.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>Number of arguments, the name included.</summary>
    public int Count { get; private set; }

    /// <summary>The clock, in Unix milliseconds.</summary>
    public long Now => Server.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>What the connection's flush waits for where the store acknowledges commits.</summary>
    public ref WriteScope Scope => ref scope;

    /// <summary>Mask of the shards of the command's keys.</summary>
    public ulong Shards { get; private set; }

    /// <summary>What the last lookup or change that answered false has to wait for.</summary>
    public Fault Fault { get; private set; }

    /// <summary>The work that <see cref="RunAsync"/> was given.</summary>
    public Func<CommandContext, ValueTask>? Pending { get; private set; }

    /// <summary>Whether the command answered an error; counters read it.</summary>
    public bool Failed { get; private set; }

    /// <summary>An argument was asked for as a span that was not in memory: <see cref="MaterialiseAsync"/> comes before the next run.</summary>
    public bool NeedsArguments { get; set; }

    /// <summary>Why a streamed argument could not be stored: the request is refused with it once it is complete.</summary>
    public CacheError? Refused { get; set; }

    internal RespRequestParser Parser { get; }

    internal int Hits { get; private set; }

    internal int Misses { get; private set; }

    internal int Dirty { get; private set; }

    /// <summary>An argument's bytes; a streamed one is put together first, up to <see cref="GatewayLimits.MaterialisedArgBytesMax"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Arg(int index) => larges.Count == 0 ? Parser.Arg(index, Input) : ArgSlow(index);

    /// <summary>Whether the argument was streamed into the store because it is longer than <see cref="RespLimits.StreamedBulkBytes"/>.</summary>
    public bool IsLarge(int index) => larges.Count != 0 && Parser[index].Large >= 0;

    /// <summary>The staged value of a streamed argument, else null; the context keeps it until the command ends.</summary>
    public ILargeValue? LargeArg(int index) => IsLarge(index) ? larges[Parser[index].Large] : null;

    public long ArgLength(int index) => LargeArg(index)?.Length ?? Parser[index].Length;

    /// <summary>A key argument in the client's database; the dispatcher has computed its hash and locked its shard.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public BlobKey Key(int index) => new(Client.Database, Arg(index), hashes[index]);

    /// <summary>The same key in another database; it has the same shard.</summary>
    public BlobKey Key(int index, int database) => new(database, Arg(index), hashes[index]);

    /// <summary>Finds a key argument's entry, which may be none; false means <c>return Outcome.Retry</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(int arg, Need need, out EntryRef entry) => TryFind(Key(arg), need, out entry);

    /// <summary>Finds a key's entry, which may be none; false means <c>return Outcome.Retry</c>.</summary>
    public bool TryFind(in BlobKey key, Need need, out EntryRef entry)
    {
        if (Keyspace.TryFind(key, need, ref scope, learned, out entry, out Fault fault))
        {
            if (entry.IsNone)
            {
                Misses++;
                return true;
            }

            Hits++;
            if (need == Need.Value && !Client.NoTouch) Store.Touch(entry);
            return true;
        }

        Fault = fault;
        return false;
    }

    /// <summary>Puts a string under a key argument, inline or as a large value; false means <c>return Outcome.Retry</c>.</summary>
    public bool TryPut(int keyArg, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags) =>
        TryPut(Key(keyArg), value, expiresAt, flags);

    /// <summary>Puts a string under a key, inline or as a large value; false means <c>return Outcome.Retry</c>.</summary>
    public bool TryPut(in BlobKey key, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags)
    {
        if (value.Length <= IBlobStore.InlineBytesMax)
            return IsDone(Store.Put(key, BlobType.String, value, expiresAt, flags, ref scope), value.Length);
        ILargeValue? large = Store.TryStage(value);
        if (large is null) return NoRoom(value.Length);
        bool put = TryPut(key, large, expiresAt, flags);
        large.Release(); // the store holds it on its own
        return put;
    }

    /// <summary>Puts an argument under a key argument, a streamed one as it was staged; false means <c>return Outcome.Retry</c>.</summary>
    public bool TryPut(int keyArg, int valueArg, long expiresAt, EntryFlags flags) =>
        LargeArg(valueArg) is { } large
            ? TryPut(Key(keyArg), large, expiresAt, flags)
            : TryPut(Key(keyArg), Arg(valueArg), expiresAt, flags);

    /// <summary>Puts a large value, which the caller goes on holding, under a key argument; false means <c>return Outcome.Retry</c>.</summary>
    public bool TryPut(int keyArg, ILargeValue value, long expiresAt, EntryFlags flags) => TryPut(Key(keyArg), value, expiresAt, flags);

    /// <summary>Puts a large value, which the caller goes on holding, under a key; false means <c>return Outcome.Retry</c>.</summary>
    public bool TryPut(in BlobKey key, ILargeValue value, long expiresAt, EntryFlags flags) =>
        IsDone(Store.Put(key, BlobType.String, value, expiresAt, flags, ref scope), IBlobStore.ChunkBytes);

    /// <summary>Removes a key argument's entry; false means <c>return Outcome.Retry</c>.</summary>
    public bool TryRemove(int arg, out bool removed) => TryRemove(Key(arg), out removed);

    /// <summary>Removes a key's entry; false means <c>return Outcome.Retry</c>.</summary>
    public bool TryRemove(in BlobKey key, out bool removed) =>
        IsDone(Store.Remove(key, RemovalReason.Deleted, ref scope, out removed), 0);

    /// <summary>Sets when a key argument's entry, which exists, expires, in Unix milliseconds, 0 for never; false means <c>return Outcome.Retry</c>.</summary>
    public bool TrySetExpiry(int arg, long expiresAt) => TrySetExpiry(Key(arg), expiresAt);

    /// <summary>Sets when a key's entry, which exists, expires, in Unix milliseconds, 0 for never; false means <c>return Outcome.Retry</c>.</summary>
    public bool TrySetExpiry(in BlobKey key, long expiresAt) => IsDone(Store.SetExpiry(key, expiresAt, ref scope), 0);

    /// <summary>True where the store made the change; else notes that so many bytes need room, and <c>return Outcome.Retry</c> follows.</summary>
    public bool IsDone(StoreStatus status, long bytes) => status == StoreStatus.Done || NoRoom(bytes);

    /// <summary>Writes a string entry as a bulk string; a large one is streamed when the connection flushes.</summary>
    public void ReplyValue(in EntryRef entry)
    {
        if (!entry.IsLarge) Reply.Bulk(entry.Value);
        else ReplyLarge(entry, 0, Store.Large(entry).Length);
    }

    /// <summary>Writes bytes of a string entry, both ends inclusive and within it, as a bulk string.</summary>
    public void ReplyRange(in EntryRef entry, long start, long end)
    {
        if (!entry.IsLarge) Reply.Bulk(entry.Value.Slice((int)start, (int)(end - start + 1)));
        else ReplyLarge(entry, start, end - start + 1);
    }

    /// <summary>Goes on with work that may wait, after the locks are gone; it writes the reply.</summary>
    public Outcome RunAsync(Func<CommandContext, ValueTask> work)
    {
        Pending = work;
        return Outcome.Async;
    }

    /// <summary>Locks the shards of the command's keys; for work that <see cref="RunAsync"/> started, in short stretches.</summary>
    public void Lock() => Store.Lock(Shards);

    public void Unlock()
    {
        if (Keyspace.Authority is { IsIdle: false } authority) Waits.Note(this, authority);
        Store.Unlock(Shards);
    }

    /// <summary>Awaits the noted fault, without locks; false where it can't be helped, and the error is replied.</summary>
    public async ValueTask<bool> ResolveFaultAsync()
    {
        Fault fault = Fault;
        Fault = default;
        if (await ResolveAsync(fault) is not { } error) return true;
        Error(error);
        return false;
    }

    /// <summary>Awaits a fault, without locks; null where the command can go on.</summary>
    internal async ValueTask<CacheError?> ResolveAsync(Fault fault)
    {
        CacheError? error = await Keyspace.ResolveAsync(fault, learned, Cancellation);

        // The next run finds it known to be absent.
        return error?.Code == CacheErrorCode.NotFound && fault.Kind is FaultKind.Fetch or FaultKind.Validate ? null : error;
    }

    /// <summary>Whether a key argument will have to be waited for, and for what. Needs the lock.</summary>
    internal bool TryFindAhead(int arg, Need need, out Fault fault) => Keyspace.TryFindAhead(Key(arg), need, learned, out fault);

    /// <summary>Tells that the command changed a key: the one place for keyspace events, by Redis's event names.</summary>
    public void Changed(string keyspaceEvent, int keyArg) => Dirty++;

    /// <summary>Counts an error that the authority replied.</summary>
    public void NoteFailure() => Failed = true;

    public Outcome Error(ReadOnlySpan<byte> text)
    {
        Failed = true;
        Server.Errors.Count(text);
        Reply.Error(text);
        return Outcome.Done;
    }

    public Outcome Error(string text)
    {
        Failed = true;
        Server.Errors.Count(text);
        Reply.Error(text);
        return Outcome.Done;
    }

    public Outcome Error(CacheError error) => Error(RespErrors.Of(error));

    public Outcome WrongType() => Error(RespErrors.WrongType);

    public Outcome Syntax() => Error(RespErrors.Syntax);

    public Outcome NotInteger() => Error(RespErrors.NotInteger);

    public Outcome WrongArity() => Error(RespErrors.WrongArity(Spec.FullName));

    public Outcome InvalidExpiry() => Error(RespErrors.InvalidExpiry(Spec.FullName));

    /// <summary>Writes +OK.</summary>
    public Outcome Ok()
    {
        Reply.Ok();
        return Outcome.Done;
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

    internal void AddLarge(ILargeValue value)
    {
        larges.Add(value);
        materialised.Add(null);
    }

    /// <summary>Begins the command that the parser has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Begin()
    {
        Count = Parser.Count;
        Shards = 0;
        Failed = false;
        Dirty = 0;
        Hits = 0;
        Misses = 0;
        Pending = null;
        NeedsArguments = false;
        learned.Begin();
    }

    /// <summary>Begins the handler's next run.</summary>
    internal void BeginRun(int replyStart)
    {
        DropReply(replyStart);
        Hits = 0;
        Misses = 0;
        Dirty = 0;
        Failed = false;
        Pending = null;
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

    internal void NeedRoom(long bytes) => Fault = Fault.Room(bytes);

    /// <summary>Puts streamed arguments together where they were asked for as spans but were not all in memory.</summary>
    internal async ValueTask<bool> MaterialiseAsync()
    {
        NeedsArguments = false;
        for (int i = 0; i < larges.Count; i++)
        {
            if (materialised[i] is not null) continue;
            if (larges[i].Length > GatewayLimits.MaterialisedArgBytesMax)
            {
                Error($"ERR argument exceeds the {GatewayLimits.MaterialisedArgBytesMax} bytes that this command takes");
                return false;
            }

            byte[] buffer = ArrayPool<byte>.Shared.Rent((int)larges[i].Length);
            materialised[i] = buffer;
            for (int done = 0; done < larges[i].Length;)
            {
                Result<int> read = await larges[i].ReadAsync(done, buffer.AsMemory(done, (int)larges[i].Length - done), Cancellation);
                if (!read.IsOk)
                {
                    Error(read.Error!);
                    return false;
                }

                done += read.Value;
            }
        }

        return true;
    }

    /// <summary>Forgets what replies that went out have waited for.</summary>
    internal void ResetScope() => scope = new WriteScope { Writer = Client.Id };

    /// <summary>Ends the command: its streamed arguments are let go of.</summary>
    internal void End()
    {
        Refused = null;
        if (larges.Count != 0) ReleaseLarges();
        if (hashes.Length > GatewayLimits.ArgsKept) hashes = new ulong[GatewayLimits.ArgsKept];
    }

    public void Dispose()
    {
        ReleaseLarges();
        DropReply(0);
        Reply.Dispose();
        Parser.Reset();
        pin.Dispose();
        pin = default;
    }

    private bool NoRoom(long bytes)
    {
        Fault = Fault.Room(bytes);
        return false;
    }

    private void ReplyLarge(in EntryRef entry, long start, long length)
    {
        if (length <= GatewayLimits.CopiedReplyBytesMax && TryReplyCopy(Store.Large(entry), start, (int)length)) return;
        var key = new BlobKey(Client.Database, entry.Key, Store.Hash(entry.Key));
        Reply.BulkDeferred(length, Keyspace.OpenReader(key, entry, start, length));
    }

    private bool TryReplyCopy(ILargeValue value, long start, int length)
    {
        int before = Reply.Length;
        Reply.BulkHeader(length);
        Span<byte> target = Reply.GetSpan(length)[..length];
        while (!target.IsEmpty)
        {
            int read = value.TryRead(start, target);
            if (read == 0)
            {
                Reply.Truncate(before);
                return false;
            }

            start += read;
            target = target[read..];
        }

        Reply.Advance(length);
        Reply.EndBulk();
        return true;
    }

    private ReadOnlySpan<byte> ArgSlow(int index)
    {
        int large = Parser[index].Large;
        if (large < 0) return Parser.Arg(index, Input);
        return materialised[large] is { } bytes ? bytes.AsSpan(0, (int)larges[large].Length) : throw new ArgumentNotInMemoryException();
    }

    private void GrowHashes() => Array.Resize(ref hashes, Math.Max(Count, hashes.Length * 2));

    private void ReleaseLarges()
    {
        foreach (ILargeValue value in larges) value.Release();
        foreach (byte[]? bytes in materialised)
        {
            if (bytes is not null) ArrayPool<byte>.Shared.Return(bytes);
        }

        larges.Clear();
        materialised.Clear();
    }
}
