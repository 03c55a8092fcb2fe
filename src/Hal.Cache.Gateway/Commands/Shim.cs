using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

internal enum Outcome { Done, Retry, Async, Close }

internal enum Need { Meta, Value }

internal static class RespErrors
{
    public static ReadOnlySpan<byte> WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value"u8;
    public static ReadOnlySpan<byte> Syntax => "ERR syntax error"u8;
    public static ReadOnlySpan<byte> NotInteger => "ERR value is not an integer or out of range"u8;
    public static ReadOnlySpan<byte> NotFloat => "ERR value is not a valid float"u8;
}

internal sealed class CommandContext(IBlobStore store, TimeProvider time)
{
    private byte[][] args = [];
    private ILargeValue?[] large = [];
    private Func<CancellationToken, ValueTask<CacheError?>>? fault;
    private Func<CommandContext, ValueTask>? pending;
    private ulong mask;
    private WriteScope scope;

    public RespWriter Reply { get; } = new();
    public IBlobStore Store => store;
    public ref WriteScope Scope => ref scope;
    public CancellationToken Cancellation { get; }
    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();
    public int Count => args.Length;
    public ReadOnlySpan<byte> Arg(int i) => args[i];
    public bool IsLarge(int i) => large[i] is not null;
    public long ArgLength(int i) => args[i].Length;
    public BlobKey Key(int i) => new(0, args[i], store.Hash(args[i]));

    public async ValueTask RunAsync(byte[][] command, int[] keys, Func<CommandContext, Outcome> handler)
    {
        args = command;
        large = new ILargeValue?[args.Length];
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i].Length <= 65536) continue;
            while ((large[i] = store.TryStage(args[i])) is null) await store.MakeRoomAsync(args[i].Length, default);
        }

        mask = 0;
        foreach (int key in keys) mask |= store.ShardOf(Key(key).Hash);
        int start = Reply.Length;
        while (true)
        {
            pending = null;
            Lock();
            Outcome outcome = handler(this);
            Unlock();
            if (outcome == Outcome.Retry)
            {
                Reply.Truncate(start);
                if (await WaitAsync() is { } error) { Error(error); break; }
                continue;
            }

            if (outcome == Outcome.Async) await pending!(this);
            break;
        }

        foreach (ILargeValue? value in large) value?.Release();
    }

    public void Lock() => store.Lock(mask);
    public void Unlock() => store.Unlock(mask);

    public async ValueTask<CacheError?> WaitAsync()
    {
        Func<CancellationToken, ValueTask<CacheError?>> wait = fault!;
        fault = null;
        return await wait(default);
    }

    public bool TryFind(int arg, Need need, out EntryRef entry)
    {
        entry = store.Find(Key(arg), ref scope);
        if (need == Need.Meta || entry.IsNone || !entry.IsOnDisk) return true;
        byte[] key = args[arg];
        fault = token => store.LoadAsync(0, key, token);
        return false;
    }

    public bool TryPut(int keyArg, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags)
    {
        if (value.Length <= IBlobStore.InlineBytesMax)
            return store.HasRoom(value.Length) && store.Put(Key(keyArg), BlobType.String, value, expiresAt, flags, ref scope) == StoreStatus.Done || Room(value.Length);
        ILargeValue? staged = store.TryStage(value);
        if (staged is null) return Room(value.Length);
        StoreStatus status = store.Put(Key(keyArg), BlobType.String, staged, expiresAt, flags, ref scope);
        staged.Release();
        return status == StoreStatus.Done || Room(0);
    }

    public bool TryPut(int keyArg, int valueArg, long expiresAt, EntryFlags flags)
    {
        if (large[valueArg] is not { } value) return TryPut(keyArg, Arg(valueArg), expiresAt, flags);
        return store.Put(Key(keyArg), BlobType.String, value, expiresAt, flags, ref scope) == StoreStatus.Done || Room(0);
    }

    public bool TryPut(int keyArg, ILargeValue value, long expiresAt, EntryFlags flags)
    {
        return store.Put(Key(keyArg), BlobType.String, value, expiresAt, flags, ref scope) == StoreStatus.Done || Room(0);
    }

    public bool TryRemove(int arg, out bool removed) =>
        store.Remove(Key(arg), RemovalReason.Deleted, ref scope, out removed) == StoreStatus.Done || Room(0);

    public bool TrySetExpiry(int arg, long at) => store.SetExpiry(Key(arg), at, ref scope) == StoreStatus.Done || Room(0);

    public void ReplyValue(in EntryRef entry) => ReplyRange(entry, 0, Strings.StringReads.Length(store, entry) - 1);

    public void ReplyRange(in EntryRef entry, long start, long end)
    {
        var bytes = new byte[end - start + 1];
        if (!Strings.StringReads.TryRead(store, entry, start, bytes)) throw new InvalidOperationException("on disk");
        Reply.Bulk(bytes);
    }

    public async ValueTask<CacheError?> ReadArgAsync(int arg, long offset, Memory<byte> target, CancellationToken cancellation)
    {
        await Task.Yield();
        args[arg].AsSpan((int)offset, target.Length).CopyTo(target.Span);
        return null;
    }

    public void Changed(string change, int arg) => LastChange = (change, arg);

    public (string, int) LastChange { get; private set; }

    public Outcome RunAsync(Func<CommandContext, ValueTask> run)
    {
        pending = run;
        return Outcome.Async;
    }

    public Outcome Error(ReadOnlySpan<byte> error)
    {
        Reply.Error(error);
        return Outcome.Done;
    }

    public Outcome Error(CacheError error)
    {
        Reply.Error("ERR " + error.Message);
        return Outcome.Done;
    }

    public Outcome WrongArity() => Named("ERR wrong number of arguments for '", "' command");

    public Outcome InvalidExpiry() => Named("ERR invalid expire time in '", "' command");

    private Outcome Named(string before, string after)
    {
        Reply.Error(before + System.Text.Encoding.ASCII.GetString(args[0]).ToLowerInvariant() + after);
        return Outcome.Done;
    }

    private bool Room(long bytes)
    {
        fault = token => store.MakeRoomAsync(bytes, token);
        return false;
    }
}

[Flags]
internal enum CommandFlags { None = 0, ReadOnly = 1, Write = 2, DenyOom = 4, Fast = 8 }

internal enum AclCategories { String, Bitmap }

internal readonly record struct KeySpec(int First, int Last, int Step);

internal sealed record CommandSpec(
    string Name, int Arity, CommandFlags Flags, KeySpec Keys, AclCategories Categories, string Since, string Summary, string Complexity,
    Func<CommandContext, Outcome> Handler);
