using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Digests;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>The subcommands of DEBUG that make keys, and that compare data sets.</summary>
internal static class DebugDataCommands
{
    /// <summary>Keys that are visited, or made, before others have their turn.</summary>
    private const int StretchKeys = 1000;

    public static readonly CommandSpec[] Rows =
    [
        Row("digest", 2, Digest, "Tells a digest of all data, which is Redis's."),
        Row("digest-value", -2, DigestValue, "Tells digests of keys' values, which are Redis's."),
        Row("populate", -3, Populate, "Makes keys with strings."),
    ];

    // They take one shard after the other, and wait for the transaction that has it: in one they would wait for themselves.
    private static CommandSpec Row(string name, int arity, CommandHandler handler, string summary)
    {
        CommandSpec row = DebugCommands.Row(name, arity, KeySpec.None, handler, summary);
        return row with { Flags = row.Flags | CommandFlags.NoMulti };
    }

    private static Outcome Digest(CommandContext c) => c.Server.IsAuthority ? c.RunAsync(DigestAsync) : c.AtAuthority();

    private static async ValueTask DigestAsync(CommandContext c)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // off the thread that polls sockets
        var all = new ValueDigest();
        var digester = new KeyDigester(c);
        for (int database = 0; database < IBlobStore.Databases; database++)
        {
            if (c.Store.Count(database) == 0) continue;
            all.Mix(database);
            var keys = new Names(c.Store);
            ulong cursor = 0;
            do
            {
                c.Cancellation.ThrowIfCancellationRequested();
                cursor = c.Store.Scan(cursor, database, StretchKeys, keys);
                foreach (byte[] key in keys.Take())
                {
                    var digest = new ValueDigest();
                    digest.Mix(key);
                    bool? isThere = await digester.AddAsync(database, key, digest);
                    if (isThere is null) return;
                    if (isThere == true) all.Add(digest);
                }
            }
            while (cursor != 0);
        }

        c.Reply.Status(all.Text);
    }

    private static Outcome DigestValue(CommandContext c)
    {
        for (int arg = 2; arg < c.Count; arg++)
        {
            if (c.ArgLength(arg) > BlobKey.BytesMax) return c.Error(RespErrors.KeyTooLong); // the row names no keys, so that nobody has looked
        }

        return c.Server.IsAuthority ? c.RunAsync(DigestValueAsync) : c.AtAuthority();
    }

    private static async ValueTask DigestValueAsync(CommandContext c)
    {
        int start = c.Reply.Length;
        var digester = new KeyDigester(c);
        c.Reply.ArrayHeader(c.Count - 2);
        for (int arg = 2; arg < c.Count; arg++)
        {
            var digest = new ValueDigest();
            int before = c.Reply.Length;
            if (await digester.AddAsync(c.Client.Database, c.Arg(arg).ToArray(), digest) is null)
            {
                byte[] error = c.Reply.WrittenSpan[before..].ToArray();
                c.DropReply(start);
                c.Reply.Raw(error);
                return;
            }

            c.Reply.Status(digest.Text);
        }
    }

    private static Outcome Populate(CommandContext c)
    {
        if (c.Count > 5) return c.WrongArity();
        if (!TryCount(c, 2, out long keys)) return Outcome.Done;
        if (keys > GatewayLimits.PopulatedKeysMax) return c.Error($"ERR at most {GatewayLimits.PopulatedKeysMax} keys");
        long size = 0;
        if (c.Count == 5 && !TryCount(c, 4, out size)) return Outcome.Done;
        if (size > IBlobStore.InlineBytesMax) return c.Error($"ERR a size of at most {IBlobStore.InlineBytesMax} bytes");
        if (!c.Server.IsAuthority) return c.AtAuthority();
        return c.RunAsync(context => PopulateAsync(context, keys, context.Count > 3 ? context.Arg(3).ToArray() : "key"u8.ToArray(), (int)size));
    }

    private static bool TryCount(CommandContext c, int arg, out long value)
    {
        if (RedisInteger.TryParse(c.Arg(arg), out value) && value >= 0) return true;
        c.Error("ERR value is out of range, must be positive"u8);
        return false;
    }

    private static async ValueTask PopulateAsync(CommandContext c, long keys, byte[] prefix, int size)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // off the thread that polls sockets
        for (long number = 0; number < keys; number++)
        {
            if (number % StretchKeys == 0) await EndStretchAsync(c);
            byte[] key = [.. prefix, .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $":{number}"))];
            if (Refusal(c, key) is { } refusal)
            {
                c.Error(refusal);
                return;
            }

            byte[] value = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"value:{number}"));
            if (size > 0) Array.Resize(ref value, size);
            bool? isMade;
            while ((isMade = TryMake(c, key, value)) != true)
            {
                if (isMade is null) await c.Server.Fence.WaitAsync(c.Store.ShardOf(c.Store.Hash(key)), c.Cancellation);
                else if (!await c.ResolveFaultAsync()) return;
            }
        }

        c.Reply.Ok();
    }

    private static string? Refusal(CommandContext c, byte[] key) =>
        key.Length > BlobKey.BytesMax ? RespErrors.KeyTooLong
        : c.Keyspace.TryMatchOrigin(key, out OriginMount? mount) ? RespErrors.ReadOnlyPrefix(mount.Prefix.Span)
        : null;

    /// <summary>Has what was changed so far published, so that no more of it is waited for than one stretch; ends where the client has gone.</summary>
    private static async ValueTask EndStretchAsync(CommandContext c)
    {
        c.Cancellation.ThrowIfCancellationRequested();
        if (c.Waits.IsEmpty) await Task.Yield();
        else await c.Waits.PublishedAsync(c.Keyspace.Authority!);
    }

    /// <summary>Makes a key that is not there, which no client is told of; false where a fault was noted, null where a transaction has it.</summary>
    private static bool? TryMake(CommandContext c, byte[] key, byte[] value)
    {
        ulong hash = c.Store.Hash(key), shard = c.Store.ShardOf(hash);
        c.Store.Lock(shard);
        try
        {
            if (c.Server.Fence.Holds(shard)) return null;
            var name = new BlobKey(c.Client.Database, key, hash);
            return !c.Store.Find(name, ref c.Scope).IsNone || c.TryPut(name, value, 0, EntryFlags.None); // it counts as no read
        }
        finally
        {
            c.NoteChanges();
            c.Store.Unlock(shard);
        }
    }

    // A table's growth between two stretches shows keys again. What was seen takes 20 to 40 bytes for each key of the database, beside maxmemory.
    private sealed class Names(IBlobStore store) : IEntryVisitor
    {
        private readonly HashSet<ulong> seen = [];
        private List<byte[]> found = [];

        public List<byte[]> Take()
        {
            List<byte[]> taken = found;
            found = [];
            return taken;
        }

        public void Visit(int database, in EntryRef entry)
        {
            if (seen.Add(store.Hash(entry.Key))) found.Add(entry.Key.ToArray());
        }
    }
}
