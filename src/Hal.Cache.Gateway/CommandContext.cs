using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Connections;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway;

/// <summary>What a handler works with: the arguments, the keys' entries, the reply. One for each connection, used again for each command.</summary>
internal sealed class CommandContext : IDisposable
{
    private readonly RespRequestParser parser;
    private ILargeValue?[] large = [];
    private byte[]?[] materialized = [];
    private byte[] array = [];
    private int arrayOffset;
    private ulong[] hashes = new ulong[4];
    private List<int>? keyArgs;
    private ulong shards;
    private Fault fault;
    private int faultArg;
    private int absentArg;
    private int[]? absentArgs;
    private Func<CommandContext, ValueTask>? pending;
    private WriteScope scope;

    public CommandContext(ServerState server, ClientSession client, RespRequestParser parser, RespWriter reply)
    {
        (Server, Client, this.parser, Reply) = (server, client, parser, reply);
        Keyspace = server.Keyspace;
        Store = server.Keyspace.Store;
    }

    public ServerState Server { get; }

    public ClientSession Client { get; }

    public RespWriter Reply { get; }

    public Keyspace Keyspace { get; }

    public IBlobStore Store { get; }

    public CommandSpec Spec { get; set; } = null!;

    /// <summary>Number of arguments, the command's name included.</summary>
    public int Count => parser.Count;

    /// <summary>What the reply's acknowledgement waits for.</summary>
    public ref WriteScope Scope => ref scope;

    /// <summary>Bytes of all arguments that are not in the store already: what a write may take.</summary>
    public long WriteBytes => parser.Consumed;

    /// <summary>Unix time in milliseconds.</summary>
    public long Now => Server.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Ends when the client is gone.</summary>
    public CancellationToken Cancellation => Client.Closed;

    /// <summary>Takes the arguments of a request that the parser has just completed in <paramref name="input"/>.</summary>
    public void Take(ReadOnlyMemory<byte> input)
    {
        ReadOnlyMemory<byte> source = parser.Source(input);
        if (MemoryMarshal.TryGetArray(source, out ArraySegment<byte> segment))
            (array, arrayOffset) = (segment.Array!, segment.Offset);
        else
            (array, arrayOffset) = (source.ToArray(), 0);
        absentArg = 0;
        absentArgs = null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Arg(int index)
    {
        ArgRange range = parser[index];
        return range.Large < 0 ? new ReadOnlySpan<byte>(array, arrayOffset + range.Offset, range.Length) : Materialize(range.Large);
    }

    /// <summary>Whether the argument was long enough to be put into the store as it came in.</summary>
    public bool IsLarge(int index) => parser[index].Large >= 0;

    public ILargeValue? LargeArg(int index) => parser[index].Large is >= 0 and var place ? large[place] : null;

    public long ArgLength(int index)
    {
        ArgRange range = parser[index];
        return range.Large < 0 ? range.Length : parser.LargeLengthOf(range.Large);
    }

    /// <summary>Whether the argument is this word, in any case.</summary>
    public bool Is(int index, ReadOnlySpan<byte> lower)
    {
        ReadOnlySpan<byte> arg = Arg(index);
        return arg.Length == lower.Length && System.Text.Ascii.EqualsIgnoreCase(arg, lower);
    }

    public BlobKey Key(int index) => new(Client.Database, Arg(index), hashes[index]);

    public BlobKey Key(int index, int database) => new(database, Arg(index), hashes[index]);

    /// <summary>The key's entry, or none; false with what to wait for noted, for <see cref="Outcome.Retry"/>.</summary>
    public bool TryFind(int arg, Need need, out EntryRef entry) => TryFind(arg, Client.Database, need, out entry);

    /// <summary>The same in another database.</summary>
    public bool TryFind(int arg, int database, Need need, out EntryRef entry)
    {
        if (Keyspace.TryFind(Key(arg, database), need, ref scope, out entry, out Fault missing))
        {
            if (entry.IsNone)
                Client.Misses++;
            else
                Client.Hits++;
            return true;
        }

        if (missing.Kind == FaultKind.Fetch && IsAbsent(arg))
        {
            entry = default;
            Client.Misses++;
            return true;
        }

        (fault, faultArg) = (missing, arg);
        return false;
    }

    /// <summary>Puts an argument as the key's value, whatever its length; false as with <see cref="TryFind(int, Need, out EntryRef)"/>.</summary>
    public bool TryPut(int keyArg, int valueArg, long expiresAt, EntryFlags flags) => LargeArg(valueArg) is { } value
        ? TryPut(keyArg, value, expiresAt, flags)
        : TryPut(keyArg, Arg(valueArg), expiresAt, flags);

    public bool TryPut(int keyArg, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags) =>
        TryPut(Key(keyArg), value, expiresAt, flags);

    public bool TryPut(in BlobKey key, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags)
    {
        if (value.Length > IBlobStore.InlineBytesMax)
        {
            ILargeValue? staged = Store.TryStage(value);
            if (staged == null)
                return NoRoom(value.Length);
            bool done = TryPut(key, staged, expiresAt, flags);
            staged.Release();
            return done;
        }

        return Store.Put(key, BlobType.String, value, expiresAt, flags, ref scope) == StoreStatus.Done || NoRoom(value.Length);
    }

    public bool TryPut(int keyArg, ILargeValue value, long expiresAt, EntryFlags flags) => TryPut(Key(keyArg), value, expiresAt, flags);

    public bool TryPut(in BlobKey key, ILargeValue value, long expiresAt, EntryFlags flags) =>
        Store.Put(key, BlobType.String, value, expiresAt, flags, ref scope) == StoreStatus.Done || NoRoom(0);

    public bool TryRemove(int arg, out bool removed) => TryRemove(Key(arg), out removed);

    public bool TryRemove(in BlobKey key, out bool removed) =>
        Store.Remove(key, RemovalReason.Deleted, ref scope, out removed) == StoreStatus.Done || NoRoom(0);

    public bool TrySetExpiry(int arg, long expiresAt) => Store.SetExpiry(Key(arg), expiresAt, ref scope) == StoreStatus.Done || NoRoom(0);

    /// <summary>Notes that a write has to wait for so much room; always false.</summary>
    public bool NoRoom(long bytes)
    {
        (fault, faultArg) = (Fault.Room(bytes), 0);
        return false;
    }

    /// <summary>Replies a string's value, in memory or as a body that follows.</summary>
    public void ReplyValue(in EntryRef entry)
    {
        if (entry.IsLarge)
            ReplyLarge(entry, 0, Store.Large(entry).Length);
        else
            Reply.Bulk(entry.Value);
    }

    /// <summary>Replies bytes <paramref name="start"/> to <paramref name="end"/>, both included, of a string that has them.</summary>
    public void ReplyRange(in EntryRef entry, long start, long end)
    {
        if (entry.IsLarge)
            ReplyLarge(entry, start, end - start + 1);
        else
            Reply.Bulk(entry.Value[(int)start..((int)end + 1)]);
    }

    /// <summary>Tells that a key was changed, and by what, in the words of keyspace events.</summary>
    public void Changed(string @event, int keyArg)
    {
        _ = (@event, keyArg);
        Client.Changes++;
    }

    public Outcome Error(ReadOnlySpan<byte> text)
    {
        Client.NoteError(text);
        Reply.Error(text);
        return Outcome.Done;
    }

    public Outcome Error(string text)
    {
        Client.NoteError(System.Text.Encoding.UTF8.GetBytes(text));
        Reply.Error(text);
        return Outcome.Done;
    }

    public Outcome Error(CacheError error) => Error(RespErrors.Of(error));

    public Outcome WrongArity() => Error(RespErrors.WrongArity(Spec.Name));

    public Outcome InvalidExpiry() => Error(RespErrors.InvalidExpiry(Spec.Name));

    /// <summary>Goes on without locks after the handler's end, which then may wait.</summary>
    public Outcome RunAsync(Func<CommandContext, ValueTask> run)
    {
        pending = run;
        return Outcome.Async;
    }

    /// <summary>Has the request refused with this error when it is complete: a large argument of it found no room.</summary>
    public void Refuse(CacheError error) => Refused ??= error;

    public CacheError? Refused { get; private set; }

    /// <summary>What <see cref="RunAsync"/> was told.</summary>
    public ValueTask RunPendingAsync()
    {
        Func<CommandContext, ValueTask> run = pending!;
        pending = null;
        return run(this);
    }

    /// <summary>Finds the command's keys, their hashes and their shards.</summary>
    public void ResolveKeys()
    {
        KeySpec keys = Spec.Keys;
        shards = Spec.Has(CommandFlags.AllShards) ? Store.AllShards : 0;
        if (Spec.FindKeys != null)
        {
            keyArgs ??= [];
            keyArgs.Clear();
            Spec.FindKeys(this, keyArgs);
            foreach (int arg in keyArgs)
                AddKey(arg);
        }
        else if (keys.First > 0)
        {
            int last = Math.Min(keys.LastOf(Count), Count - 1);
            for (int arg = keys.First; arg <= last; arg += keys.Step)
                AddKey(arg);
        }
    }

    /// <summary>The arguments that are keys, after <see cref="ResolveKeys"/>.</summary>
    public IEnumerable<int> KeyArgs()
    {
        if (Spec.FindKeys != null)
        {
            foreach (int arg in keyArgs!)
                yield return arg;
            yield break;
        }

        if (Spec.Keys.First <= 0)
            yield break;
        int last = Math.Min(Spec.Keys.LastOf(Count), Count - 1);
        for (int arg = Spec.Keys.First; arg <= last; arg += Spec.Keys.Step)
            yield return arg;
    }

    public void Lock() => Store.Lock(shards);

    public void Unlock() => Store.Unlock(shards);

    /// <summary>Waits for what the last lookup missed; null when the command may run again.</summary>
    public async ValueTask<CacheError?> WaitAsync()
    {
        scope.Transaction = 0;
        Fault waited = fault;
        fault = default;
        CacheError? error = await Keyspace.ResolveAsync(waited, Cancellation).ConfigureAwait(false);
        if (error is { Code: CacheErrorCode.NotFound } && waited.Kind == FaultKind.Fetch)
        {
            NoteAbsent(faultArg);
            return null;
        }

        return error;
    }

    /// <summary>A copy of an argument, for code that runs after the handler.</summary>
    public async ValueTask<byte[]> ReadArgAsync(int index)
    {
        if (LargeArg(index) is not { } value)
            return Arg(index).ToArray();
        var bytes = new byte[value.Length];
        for (int offset = 0; offset < bytes.Length;)
        {
            Result<int> read = await value.ReadAsync(offset, bytes.AsMemory(offset), Cancellation).ConfigureAwait(false);
            if (!read.IsOk)
                throw new IOException(read.Error.Message);
            offset += read.Value;
        }

        return bytes;
    }

    /// <summary>Keeps a large argument that has come in whole, until the command's end.</summary>
    public void AddLarge(int place, ILargeValue value)
    {
        if (place >= large.Length)
            Array.Resize(ref large, Math.Max(4, place * 2));
        large[place] = value;
    }

    /// <summary>Lets go of large arguments: whoever put them into the store has kept them.</summary>
    public void DropLarge()
    {
        Refused = null;
        for (int place = 0; place < large.Length; place++)
        {
            large[place]?.Release();
            large[place] = null;
        }

        for (int place = 0; place < materialized.Length; place++)
            materialized[place] = null;
    }

    public void Dispose() => DropLarge();

    private void AddKey(int arg)
    {
        if (arg >= hashes.Length)
            Array.Resize(ref hashes, Math.Max(arg + 1, hashes.Length * 2));
        ulong hash = Store.Hash(Arg(arg));
        hashes[arg] = hash;
        shards |= Store.ShardOf(hash);
    }

    private void ReplyLarge(in EntryRef entry, long start, long length)
    {
        // The reader belongs to the connection from here on, which disposes of it when the body is sent or the reply is dropped.
        var reader = Keyspace.OpenReader(new BlobKey(Client.Database, entry.Key, 0), entry, start, length);
        Reply.BulkDeferred(length, reader);
    }

    private bool IsAbsent(int arg) => absentArg == arg || (absentArgs != null && Array.IndexOf(absentArgs, arg) >= 0);

    private void NoteAbsent(int arg)
    {
        if (absentArg == 0)
            absentArg = arg;
        else
            absentArgs = [.. absentArgs ?? [], arg];
    }

    /// <summary>A large argument as one span, for a command that does not take large ones apart; reads what was spilled, waiting for it.</summary>
    private ReadOnlySpan<byte> Materialize(int place)
    {
        if (place >= materialized.Length)
            Array.Resize(ref materialized, Math.Max(4, place * 2));
        if (materialized[place] is { } known)
            return known;
        ILargeValue value = large[place]!;
        var bytes = new byte[value.Length];
        for (int offset = 0; offset < bytes.Length;)
        {
            int read = value.TryRead(offset, bytes.AsSpan(offset));
            if (read == 0)
            {
                Result<int> waited = value.ReadAsync(offset, bytes.AsMemory(offset), Cancellation).AsTask().GetAwaiter().GetResult();
                read = waited.IsOk ? waited.Value : throw new IOException(waited.Error.Message);
            }

            offset += read;
        }

        materialized[place] = bytes;
        return bytes;
    }
}
