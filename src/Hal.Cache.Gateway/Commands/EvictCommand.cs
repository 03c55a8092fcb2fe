using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>
/// HAL.EVICT: drops what this instance can have again from its origin or its tree; nothing that only it has, and what is pinned only with
/// PINNED before the keys or MATCH.
/// </summary>
internal static class EvictCommand
{
    private const int KeysAtOnce = 1000;

    public static readonly CommandSpec[] Specs =
    [
        new("hal.evict", -2, CommandFlags.Local | CommandFlags.Long | CommandFlags.Write, KeySpec.None, Evict)
        {
            Group = "generic", Categories = ["keyspace"], Since = "7.2.0", Complexity = "O(N) for N keys, or for all that are held where a pattern is given",
            Summary = "Drops the copies that are held here: of keys, or of all that match (HAL.EVICT MATCH pattern); pinned ones where PINNED comes first.",
            Named = static (c, at) => IsPattern(c, at, out int first) ? [new NamedKeys(first + 1, NamedKind.Pattern)] : NamedKeys.From(c, first),
        },
    ];

    private static Outcome Evict(CommandContext c)
    {
        long count = 0;
        bool isPattern = IsPattern(c, 0, out int first);
        bool evenPinned = first == 2;
        if (isPattern)
        {
            ulong cursor = 0;
            do
            {
                var found = new Found(c.Arg(first + 1).ToArray());
                cursor = c.Store.Scan(cursor, c.Client.Database, KeysAtOnce, found);
                foreach (byte[] key in found.Keys) count += Drop(c, key, evenPinned);
            }
            while (cursor != 0);
        }
        else
        {
            for (int i = first; i < c.Count; i++) count += Drop(c, c.Arg(i), evenPinned);
        }

        c.Reply.Integer(count);
        return Outcome.Done;
    }

    // The first argument behind PINNED, which is the word MATCH or a key.
    private static bool IsPattern(CommandContext c, int at, out int first)
    {
        first = c.Count > at + 2 && IsWord(c, at + 1, "pinned"u8) ? at + 2 : at + 1;
        return c.Count == first + 2 && IsWord(c, first, "match"u8);
    }

    private static bool IsWord(CommandContext c, int arg, ReadOnlySpan<byte> word) => !c.IsLarge(arg) && Ascii.EqualsIgnoreCase(c.Arg(arg), word);

    private static int Drop(CommandContext c, ReadOnlySpan<byte> bytes, bool evenPinned)
    {
        ulong hash = c.Store.Hash(bytes);
        var key = new BlobKey(c.Client.Database, bytes, hash);
        var scope = default(WriteScope);
        ulong shard = c.Store.ShardOf(hash);
        c.Store.Lock(shard);
        try
        {
            EntryRef entry = c.Store.Find(key, ref scope);
            return !entry.IsNone && (entry.Flags & EntryFlags.Clean) != 0 && (evenPinned || !c.Keyspace.Pins.Keeps(key))
                && c.Store.Remove(key, RemovalReason.Evicted, ref scope, out bool removed) == StoreStatus.Done && removed ? 1 : 0;
        }
        finally
        {
            c.Store.Unlock(shard);
        }
    }

    private sealed class Found(byte[] pattern) : IEntryVisitor
    {
        public List<byte[]> Keys { get; } = [];

        public void Visit(int database, in EntryRef entry)
        {
            if ((entry.Flags & EntryFlags.Clean) != 0 && GlobPattern.IsMatch(pattern, entry.Key)) Keys.Add(entry.Key.ToArray());
        }
    }
}
