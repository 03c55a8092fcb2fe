using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Rdb;
using Hal.Cache.Gateway.Strings;
using Hal.Cache.Node;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Values in Redis's own payload.</summary>
internal static class DumpCommands
{
    /// <summary>Longer strings are dumped as they are, while they are sent; up to here they are compressed where that is shorter.</summary>
    private const int CompressedBytesMax = 1 << 20;

    private const int FrequencyMax = 255;

    public static readonly CommandSpec[] Specs =
    [
        KeyCommands.Row("dump", 2, CommandFlags.ReadOnly, KeySpec.One, Dump, "2.6.0", "Gives a key's value as RESTORE takes it.", "O(N) for a value of N bytes"),
        KeyCommands.Row("restore", -4, CommandFlags.Write | CommandFlags.DenyOom, new(1, Flags: KeyFlags.OW | KeyFlags.Update), Restore, "2.6.0", "Makes a key of what DUMP gave.", "O(N) for a value of N bytes")
            with { Categories = ["keyspace", "dangerous"] },
        KeyCommands.Row("restore-asking", -4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Asking, new(1, Flags: KeyFlags.OW | KeyFlags.Update), Restore, "3.0.0", "Makes a key of what DUMP gave, as a cluster's nodes do.", "O(N) for a value of N bytes")
            with { Group = "server", Categories = ["keyspace", "dangerous"] },
    ];

    private static Outcome Dump(CommandContext c)
    {
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone)
        {
            c.Reply.Null();
            return Outcome.Done;
        }

        if (entry.IsObject)
        {
            if (c.Store.Object(entry) is not ICollectionValue collection) return c.Error("ERR streams can't be dumped"u8);
            if (c.IsLong(collection.MemoryBytes / IBlobStore.ChunkBytes * CollectionReplyLimits.ElementsInline)) return Outcome.Async;
            if (collection is HashValue { HasTimes: true } hash) hash.LookAt(c.Now);
            if (collection.IsEmpty) return c.Null();
            c.Reply.Bulk(DumpPayload.OfCollection(collection));
            return Outcome.Done;
        }

        if (!entry.IsLarge)
        {
            c.Reply.Bulk(DumpPayload.OfString(entry.Value));
            return Outcome.Done;
        }

        long length = c.Store.Large(entry).Length;
        if (length > CompressedBytesMax)
        {
            var body = new DumpBody(c.Keyspace.OpenReader(c.Key(1), entry, 0, length));
            c.Reply.BulkDeferred(body.Remaining, body);
            return Outcome.Done;
        }

        ValueSnapshot snapshot = ValueSnapshot.Take(c, 1, entry);
        return c.RunAsync(context => DumpLargeAsync(context, snapshot));
    }

    private static async ValueTask DumpLargeAsync(CommandContext c, ValueSnapshot snapshot)
    {
        using (snapshot)
        {
            byte[] value = new byte[snapshot.Length];
            if (await snapshot.ReadAsync(0, value, c.Cancellation) is { } error) c.Error(error);
            else c.Reply.Bulk(DumpPayload.OfString(value));
        }
    }

    private static Outcome Restore(CommandContext c) => c.LargeArg(3) is { } payload
        ? c.RunAsync(context => RestoreLargeAsync(context, payload))
        : TryRestore(c, null, out _);

    // Only a compressed string has to be in memory as a whole.
    private static async ValueTask RestoreLargeAsync(CommandContext c, ILargeValue payload)
    {
        bool isPlain = await LargePayload.IsPlainAsync(payload, c.Cancellation);
        if (!isPlain && !await c.MaterialiseAsync()) return;
        int start = c.Reply.Length;
        while (!c.TryLock()) await c.WaitForFenceAsync();
        Outcome outcome = Rewriting.AttemptLocked(c, TryRestore, null, out Rewrite? rewrite);
        while (outcome == Outcome.Retry && await c.ResolveFaultAsync())
        {
            c.DropReply(start);
            while (!c.TryLock()) await c.WaitForFenceAsync();
            outcome = Rewriting.AttemptLocked(c, TryRestore, null, out rewrite);
        }

        if (rewrite is not null) await Rewriting.RunAsync(c, TryRestore, rewrite);
    }

    private static Outcome TryRestore(CommandContext c, PreparedValue? prepared, out Rewrite? rewrite)
    {
        rewrite = null;
        bool replace = false, absolute = false, hasIdle = false, hasFrequency = false;
        long idle = 0, frequency = 0;
        for (int arg = 4; arg < c.Count; arg++)
        {
            ReadOnlySpan<byte> option = c.Arg(arg);
            bool more = arg + 1 < c.Count;
            if (Ascii.EqualsIgnoreCase(option, "REPLACE"u8))
            {
                replace = true;
            }
            else if (Ascii.EqualsIgnoreCase(option, "ABSTTL"u8))
            {
                absolute = true;
            }
            else if (Ascii.EqualsIgnoreCase(option, "IDLETIME"u8) && more && !hasFrequency)
            {
                if (!RedisInteger.TryParse(c.Arg(++arg), out idle)) return c.NotInteger();
                if (idle < 0) return c.Error("ERR Invalid IDLETIME value, must be >= 0"u8);
                hasIdle = true;
            }
            else if (Ascii.EqualsIgnoreCase(option, "FREQ"u8) && more && !hasIdle)
            {
                if (!RedisInteger.TryParse(c.Arg(++arg), out frequency)) return c.NotInteger();
                if (frequency is < 0 or > FrequencyMax) return c.Error("ERR Invalid FREQ value, must be >= 0 and <= 255"u8);
                hasFrequency = true;
            }
            else
            {
                return c.Syntax();
            }
        }

        if (!c.TryFind(1, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        if (!replace && !entry.IsNone) return c.Error(RespErrors.BusyKey);
        if (!RedisInteger.TryParse(c.Arg(2), out long expiresAt)) return c.NotInteger();
        if (expiresAt < 0) return c.Error("ERR Invalid TTL value, must be >= 0"u8);
        byte[] value = [];
        ICollectionValue? collection = null;
        if (prepared is null && c.LargeArg(3) is { } payload && !c.HasWhole(3))
        {
            rewrite = new Rewrite([], (_, cancellation) => LargePayload.CopyAsync(c.Store, payload, cancellation));
            return Outcome.Async;
        }

        if (prepared is null)
        {
            string? problem = DumpPayload.Read(c.Arg(3), GatewayLimits.MaterialisedArgBytesMax, c.Keyspace.Collections, out value, out collection);
            if (problem is not null) return c.Error(problem);
        }

        // Fields whose time was over when they were dumped, or on the way, are not restored.
        if (collection is HashValue { HasTimes: true } hash) hash.LookAt(c.Now);
        if (collection is { IsEmpty: true }) return c.Error("ERR Bad data format"u8);

        if (expiresAt != 0 && !absolute) expiresAt = unchecked(expiresAt + c.Now); // past the end of time is the past, as in Redis
        if (expiresAt != 0 && expiresAt <= c.Now)
        {
            if (!entry.IsNone)
            {
                if (!c.TryRemove(1, out _)) return Outcome.Retry;
                c.Changed("del", 1);
            }

            return c.Ok();
        }

        bool put = collection is not null
            ? c.IsDone(c.Store.Put(c.Key(1), collection, expiresAt, EntryFlags.None, ref c.Scope), collection.MemoryBytes)
            : prepared is null ? c.TryPut(1, value, expiresAt, EntryFlags.None) : c.TryPut(1, prepared.Value, expiresAt, EntryFlags.None);
        if (!put) return Outcome.Retry;
        if (collection is not null) c.Server.Fields.WatchMoved(c.Key(1), collection);
        if ((hasIdle || hasFrequency) && c.TryFind(1, Need.Meta, out EntryRef restored) && !restored.IsNone)
            c.Store.SetUsage(restored, new EntryUsage(hasIdle ? (uint)Math.Min(idle, uint.MaxValue) : null, hasFrequency ? (int)frequency : null));
        c.Changed("restore", 1);
        return c.Ok();
    }
}
