using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// What is replied in place of a large value none of whose bytes can be had, before anything was said of it: where it is a plain read's, what the key has now,
/// which is as good; else an error.
/// </summary>
internal static class LostBodies
{
    /// <summary>So often the newest value of a key may be gone again before its first byte was here.</summary>
    public const int RereadsMax = 3;

    /// <summary>A writer with the reply, which may have a body to come itself; disposing of it is the caller's.</summary>
    public static async ValueTask<RespWriter> InsteadAsync(CommandContext context, DeferredBody lost, CacheError why, int rereads, CancellationToken closed)
    {
        var instead = new RespWriter { Protocol = context.Reply.Protocol };
        CacheError? error = why;
        if (lost.IsNewest && why.Code == CacheErrorCode.Changed && rereads < RereadsMax && lost.Source is ValueReader { Key.IsEmpty: false } reader)
            error = await RereadAsync(context, instead, reader.Key, closed).ConfigureAwait(false);
        if (!context.Waits.IsEmpty)
            await context.Waits.PublishedAsync(context.Keyspace.Authority!).ConfigureAwait(false);
        if (error != null)
        {
            string text = RespErrors.Of(error);
            context.Server.Errors.Count(text);
            instead.Error(RespErrors.Bytes(text));
        }

        return instead;
    }

    private static async ValueTask<CacheError?> RereadAsync(CommandContext context, RespWriter instead, ReadOnlyMemory<byte> key, CancellationToken closed)
    {
        var memory = new CommandMemory();
        for (int runs = 0; !TryReread(context, instead, key.Span, memory, out Fault fault); runs++)
        {
            if (runs == GatewayLimits.RunsMax)
                return new CacheError(CacheErrorCode.Busy, "the key kept changing");
            CacheError? error = await context.Keyspace.ResolveAsync(fault, memory, closed).ConfigureAwait(false);
            if (error != null && !(error.Code == CacheErrorCode.NotFound && fault.Kind is FaultKind.Fetch or FaultKind.Validate)) // else the next look finds it known to be absent
                return error;
        }

        return null;
    }

    private static bool TryReread(CommandContext context, RespWriter instead, ReadOnlySpan<byte> bytes, CommandMemory memory, out Fault fault)
    {
        IBlobStore store = context.Store;
        var key = new BlobKey(context.Client.Database, bytes, store.Hash(bytes));
        ulong shard = store.ShardOf(key.Hash);
        var scope = default(WriteScope);
        store.Lock(shard);
        try
        {
            if (!context.Keyspace.TryFind(key, Need.Value, ref scope, memory, out EntryRef entry, out fault))
                return false;
            if (context.Keyspace.Authority is { HasRounds: true } authority)
                context.Waits.Add([authority.TicketOf(key)]); // as of every read: nobody is told of what is not published yet
            if (entry.IsNone)
                instead.Null();
            else if (entry.Type != BlobType.String)
                instead.Error(RespErrors.WrongType);
            else if (!entry.IsLarge)
                instead.Bulk(entry.Value);
            else
                instead.BulkDeferred(store.Large(entry).Length, context.Keyspace.OpenReader(key, entry, 0, long.MaxValue), isNewest: true);
            return true;
        }
        finally
        {
            store.Unlock(shard);
        }
    }
}
