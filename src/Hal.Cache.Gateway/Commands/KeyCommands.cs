using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Whole keys: their existence, names, and places.</summary>
internal static class KeyCommands
{
    private static readonly KeySpec Removed = new(1, -1, Flags: KeyFlags.RM | KeyFlags.Delete);
    private static readonly KeySpec Looked = new(1, -1, Flags: KeyFlags.RO);
    private static readonly KeySpec Source = new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete);

    public static readonly CommandSpec[] Specs =
    [
        Row("del", -2, CommandFlags.Write, Removed, Del, "1.0.0", "Removes keys.", "O(N) for N keys"),
        Row("unlink", -2, CommandFlags.Write | CommandFlags.Fast, Removed, Del, "4.0.0", "Removes keys; memory comes back later.", "O(1) for each key"),
        Row("exists", -2, CommandFlags.ReadOnly | CommandFlags.Fast, Looked, Exists, "1.0.0", "Counts how many of the keys exist.", "O(N) for N keys"),
        Row("touch", -2, CommandFlags.ReadOnly | CommandFlags.Fast, Looked, Touch, "3.2.1", "Counts how many of the keys exist, as uses of them.", "O(N) for N keys"),
        Row("type", 2, CommandFlags.ReadOnly | CommandFlags.Fast, new(1, Flags: KeyFlags.RO), Type, "1.0.0", "Names the type of a key's value."),
        Row("rename", 3, CommandFlags.Write, Source, c => Rename(c, false), "1.0.0", "Gives a key another name, over what has it.")
            with { MoreKeys = [new(2, Flags: KeyFlags.OW | KeyFlags.Update)] },
        Row("renamenx", 3, CommandFlags.Write | CommandFlags.Fast, Source, c => Rename(c, true), "1.0.0", "Gives a key another name that is free.")
            with { MoreKeys = [new(2, Flags: KeyFlags.OW | KeyFlags.Insert)] },
        Row("copy", -3, CommandFlags.Write | CommandFlags.DenyOom, new(1, Flags: KeyFlags.RO | KeyFlags.Access), Copy, "6.2.0", "Copies a key's value to another key.")
            with { MoreKeys = [new(2, Flags: KeyFlags.OW | KeyFlags.Update)] },
        Row("move", 3, CommandFlags.Write | CommandFlags.Fast, KeySpec.OneChanged, Move, "1.0.0", "Moves a key to another database."),
        Row("randomkey", 1, CommandFlags.ReadOnly | CommandFlags.AllShards, KeySpec.None, RandomKey, "1.0.0", "Names a key by chance."),
        Row("swapdb", 3, CommandFlags.Write | CommandFlags.Fast | CommandFlags.AllShards, KeySpec.None, SwapDb, "4.0.0", "Exchanges two databases.")
            with { Group = "server", Categories = ["keyspace", "dangerous"] },
    ];

    /// <summary>A row of the generic group.</summary>
    internal static CommandSpec Row(
        string name, int arity, CommandFlags flags, KeySpec keys, CommandHandler handler, string since, string summary, string complexity = "O(1)") =>
        new(name, arity, flags, keys, handler) { Since = since, Summary = summary, Complexity = complexity, Categories = ["keyspace"] };

    /// <summary>Reads a 32-bit integer; false with the error replied.</summary>
    internal static bool TryInt32(CommandContext c, int arg, out int value)
    {
        value = 0;
        if (!RedisInteger.TryParse(c.Arg(arg), out long number)) c.NotInteger();
        else if (number is < int.MinValue or > int.MaxValue) c.Error($"ERR value is out of range, value must between {int.MinValue} and {int.MaxValue}");
        else
        {
            value = (int)number;
            return true;
        }

        return false;
    }

    private static Outcome Del(CommandContext c)
    {
        int arg = 1;
        long count = 0;
        if (DelSome(c, ref arg, ref count)) return Integer(c, count);

        // What is gone must be counted once: the rest is removed from here on, and not by another run from the start.
        return arg == 1 ? Outcome.Retry : c.RunAsync(context => DelRestAsync(context, arg, count));
    }

    private static bool DelSome(CommandContext c, ref int arg, ref long count)
    {
        for (; arg < c.Count; arg++)
        {
            if (!c.TryRemove(arg, out bool removed)) return false;
            if (!removed) continue;
            count++;
            c.Changed("del", arg);
        }

        return true;
    }

    private static async ValueTask DelRestAsync(CommandContext c, int arg, long count)
    {
        while (await c.ResolveFaultAsync())
        {
            while (!c.TryLock()) await c.WaitForFenceAsync();
            bool done = DelSome(c, ref arg, ref count);
            c.Unlock();
            if (!done) continue;
            c.Reply.Integer(count);
            return;
        }
    }

    private static Outcome Exists(CommandContext c)
    {
        long count = 0;
        for (int arg = 1; arg < c.Count; arg++)
        {
            if (!c.TryFind(arg, Need.Meta, out EntryRef entry)) return Outcome.Retry;
            if (!entry.IsNone) count++;
        }

        return Integer(c, count);
    }

    private static Outcome Touch(CommandContext c)
    {
        long count = 0;
        for (int arg = 1; arg < c.Count; arg++)
        {
            if (!c.TryFind(arg, Need.Meta, out EntryRef entry)) return Outcome.Retry;
            if (entry.IsNone) continue;
            c.Store.Touch(entry);
            count++;
        }

        return Integer(c, count);
    }

    private static Outcome Type(CommandContext c)
    {
        if (!c.TryFind(1, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        c.Reply.SimpleString(TypeNames.Of(entry.IsNone ? BlobType.None : entry.Type));
        return Outcome.Done;
    }

    private static Outcome Rename(CommandContext c, bool onlyNew)
    {
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) return c.Error(RespErrors.NoSuchKey);
        if (c.Arg(1).SequenceEqual(c.Arg(2))) return onlyNew ? Integer(c, 0) : c.Ok();
        if (onlyNew)
        {
            if (!c.TryFind(2, Need.Meta, out EntryRef target)) return Outcome.Retry;
            if (!target.IsNone) return Integer(c, 0);
        }

        if (entry.IsObject) return MoveObject(c, c.Key(2), "rename_from", "rename_to", 2, onlyNew);
        long version = entry.Version;
        c.Store.Begin(ref c.Scope);
        if (!TryPutCopy(c, c.Key(2), entry)) return Ended(c, Outcome.Retry);
        c.Changed("rename_from", 1);
        c.Changed("rename_to", 2);
        return RemoveSource(c, version, onlyNew);
    }

    private static Outcome Move(CommandContext c)
    {
        if (!TryInt32(c, 2, out int database)) return Outcome.Done;
        if (database is < 0 or >= IBlobStore.Databases) return c.Error(RespErrors.DatabaseOutOfRange);
        if (database == c.Client.Database) return c.Error(RespErrors.SameObject);
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) return Integer(c, 0);
        if (!c.TryFind(c.Key(1, database), Need.Meta, out EntryRef target)) return Outcome.Retry;
        if (!target.IsNone) return Integer(c, 0);
        if (entry.IsObject) return MoveObject(c, c.Key(1, database), "move_from", "move_to", 1, integer: true);
        long version = entry.Version;
        c.Store.Begin(ref c.Scope);
        if (!TryPutCopy(c, c.Key(1, database), entry)) return Ended(c, Outcome.Retry);
        c.Changed("move_from", 1);
        c.Changed("move_to", 1, database);
        return RemoveSource(c, version, integer: true);
    }

    private static Outcome Copy(CommandContext c)
    {
        int database = c.Client.Database;
        bool replace = false;
        for (int arg = 3; arg < c.Count; arg++)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(c.Arg(arg), "REPLACE"u8))
            {
                replace = true;
            }
            else if (System.Text.Ascii.EqualsIgnoreCase(c.Arg(arg), "DB"u8) && arg + 1 < c.Count)
            {
                if (!TryInt32(c, ++arg, out database)) return Outcome.Done;
                if (database is < 0 or >= IBlobStore.Databases) return c.Error(RespErrors.DatabaseOutOfRange);
            }
            else
            {
                return c.Syntax();
            }
        }

        if (database == c.Client.Database && c.Arg(1).SequenceEqual(c.Arg(2))) return c.Error(RespErrors.SameObject);
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) return Integer(c, 0);
        if (!c.TryFind(c.Key(2, database), Need.Meta, out EntryRef target)) return Outcome.Retry;
        if (!target.IsNone && !replace) return Integer(c, 0);

        // No origin is behind the copy: it needs all chunks, of its own.
        if (entry.IsLarge && (entry.Flags & EntryFlags.Clean) != 0) return OriginCopy.Start(c, entry, database, replace);
        if (!TryPutCopy(c, c.Key(2, database), entry)) return Outcome.Retry;
        c.Changed("copy_to", 2, database);
        return Integer(c, 1);
    }

    private static Outcome RandomKey(CommandContext c)
    {
        EntryRef entry = c.Store.Random(c.Client.Database, Random.Shared);
        if (entry.IsNone) c.Reply.Null();
        else c.Reply.Bulk(entry.Key);
        return Outcome.Done;
    }

    private static Outcome SwapDb(CommandContext c)
    {
        if (!RedisInteger.TryParse(c.Arg(1), out long first) || first != (int)first) return c.Error("ERR invalid first DB index"u8);
        if (!RedisInteger.TryParse(c.Arg(2), out long second) || second != (int)second) return c.Error("ERR invalid second DB index"u8);
        if (first is < 0 or >= IBlobStore.Databases || second is < 0 or >= IBlobStore.Databases) return c.Error(RespErrors.DatabaseOutOfRange);
        if (!c.IsDone(c.Store.Swap((int)first, (int)second, ref c.Scope), 0)) return Outcome.Retry;
        c.Server.Fields.Swap((int)first, (int)second);
        if (c.Server.Blocked.Count != 0)
        {
            foreach (Blocking.BlockedKey key in (Blocking.BlockedKey[])[.. c.Server.Blocked.KeysIn((int)first), .. c.Server.Blocked.KeysIn((int)second)])
                c.NoteReady(key.Bytes, key.Database);
        }

        return c.Ok();
    }

    // The structure itself changes its key, in one record.
    private static Outcome MoveObject(CommandContext c, in BlobKey to, string fromEvent, string toEvent, int toArg, bool integer)
    {
        if (!c.IsDone(c.Store.Move(c.Key(1), to, ref c.Scope), 0)) return Outcome.Retry;
        WatchFields(c, to);
        c.Changed(fromEvent, 1);
        c.Changed(toEvent, toArg, to.Database);
        return integer ? Integer(c, 1) : c.Ok();
    }

    private static void WatchFields(CommandContext c, in BlobKey key)
    {
        EntryRef moved = c.Store.Find(key, ref c.Scope);
        if (!moved.IsNone && moved is { Type: BlobType.Hash, IsObject: true, IsOnDisk: false }) c.Server.Fields.WatchMoved(key, c.Store.Object(moved));
    }

    // A large value is shared; an object is written and read; an inline value is copied first, since the change may move its entry.
    private static bool TryPutCopy(CommandContext c, in BlobKey key, EntryRef entry)
    {
        EntryFlags flags = entry.Flags & (EntryFlags.Raw | EntryFlags.Text);
        if (entry.IsObject)
        {
            long bytes = c.Store.BytesOf(entry);
            if (!c.IsDone(c.Store.Reserve(key, bytes), bytes)) return false;
            Result<IObjectValue> clone = c.Store.Clone(entry);
            if (!clone.IsOk) throw new InvalidOperationException(clone.Error.ToString()); // what was just written can't be read: a bug
            if (c.IsDone(c.Store.Put(key, clone.Value, entry.ExpiresAt, flags, ref c.Scope), bytes))
            {
                c.Server.Fields.WatchMoved(key, clone.Value);
                return true;
            }

            clone.Value.Free();
            return false;
        }

        if (entry.IsLarge)
        {
            ILargeValue value = c.Store.Large(entry);
            value.Retain(); // the key's old value, which goes, may be the same
            bool put = c.IsDone(c.Store.Put(key, entry.Type, value, entry.ExpiresAt, flags, ref c.Scope), IBlobStore.ChunkBytes);
            value.Release();
            return put;
        }

        Span<byte> copy = stackalloc byte[entry.ValueLength];
        entry.Value.CopyTo(copy);
        return c.IsDone(c.Store.Put(key, entry.Type, copy, entry.ExpiresAt, flags, ref c.Scope), copy.Length);
    }

    // The copy is made: from here on the removal only goes forward.
    private static Outcome RemoveSource(CommandContext c, long version, bool integer)
    {
        if (!c.TryRemove(1, out _)) return c.RunAsync(context => RemoveSourceAsync(context, version, integer));
        c.Store.Complete(ref c.Scope);
        return integer ? Integer(c, 1) : c.Ok();
    }

    private static async ValueTask RemoveSourceAsync(CommandContext c, long version, bool integer)
    {
        while (await c.ResolveFaultAsync())
        {
            while (!c.TryLock()) await c.WaitForFenceAsync();
            bool done = c.TryFind(1, Need.Meta, out EntryRef entry) && (entry.IsNone || entry.Version != version || c.TryRemove(1, out _));
            if (done) c.Store.Complete(ref c.Scope);
            c.Unlock();
            if (!done) continue;
            if (integer) c.Reply.Integer(1);
            else c.Reply.Ok();
            return;
        }
    }

    private static Outcome Ended(CommandContext c, Outcome outcome)
    {
        c.Store.Complete(ref c.Scope);
        return outcome;
    }

    private static Outcome Integer(CommandContext c, long value)
    {
        c.Reply.Integer(value);
        return Outcome.Done;
    }
}
