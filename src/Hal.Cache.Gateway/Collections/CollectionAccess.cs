using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Collections;

/// <summary>Finds, makes, changes and removes the collections of keys. All of it needs the keys' locks.</summary>
internal static class CollectionAccess
{
    /// <summary>Room that a change is given beside its arguments, in bytes.</summary>
    private const int SlackBytes = 256;

    /// <summary>Finds a key argument's collection, null where there is no key; false with what the handler returns.</summary>
    public static bool TryRead<T>(this CommandContext c, int arg, out T? value, out Outcome outcome)
        where T : class, ICollectionValue => c.TryRead(c.Key(arg), out value, out outcome);

    /// <summary>Finds a key's collection, null where there is no key; false with what the handler returns.</summary>
    public static bool TryRead<T>(this CommandContext c, in BlobKey key, out T? value, out Outcome outcome)
        where T : class, ICollectionValue
    {
        value = null;
        outcome = Outcome.Retry;
        if (!c.TryFind(key, Need.Value, out EntryRef entry)) return false;
        if (entry.IsNone) return true;
        value = entry.IsObject ? c.Store.Object(entry) as T : null;
        if (value is HashValue { HasTimes: true } hash) c.LookAt(key, hash);
        if (value is null)
        {
            outcome = c.WrongType();
            return false;
        }

        if (value.IsEmpty) value = null; // its removal waits for room in the log
        return true;
    }

    /// <summary>Has the hash's fields whose time has come not seen any more, and removed soon.</summary>
    public static void LookAt(this CommandContext c, in BlobKey key, HashValue hash)
    {
        hash.LookAt(c.Now);
        c.Server.Fields.Watch(key, hash);
    }

    /// <summary>The same, to be changed in this run of the handler, which has to know by <paramref name="bytes"/> what it may grow by.</summary>
    public static bool TryChange<T>(this CommandContext c, int arg, out T? value, out Outcome outcome, long bytes = 0)
        where T : class, ICollectionValue => c.TryChange(c.Key(arg), out value, out outcome, bytes);

    /// <summary>The same, to be changed in this run of the handler, which has to know by <paramref name="bytes"/> what it may grow by.</summary>
    public static bool TryChange<T>(this CommandContext c, in BlobKey key, out T? value, out Outcome outcome, long bytes = 0)
        where T : class, ICollectionValue
    {
        c.NeedArguments();
        if (!c.TryRead(key, out value, out outcome)) return false;
        bytes += c.Parser.Consumed + SlackBytes;
        if (value is null || c.IsDone(c.Store.Reserve(key, bytes), bytes)) return true;
        outcome = Outcome.Retry;
        return false;
    }

    /// <summary>Puts a new collection, which has elements, under a key; false means <c>return Outcome.Retry</c>.</summary>
    public static bool TryPut(this CommandContext c, in BlobKey key, ICollectionValue value)
    {
        c.Changes.Clear();
        return c.IsDone(c.Store.Put(key, value, 0, EntryFlags.None, ref c.Scope), value.MemoryBytes);
    }

    /// <summary>Logs the changes that were made to a collection in <see cref="CommandContext.Changes"/>; one that is empty goes with its key.</summary>
    public static void Commit(this CommandContext c, int arg, ICollectionValue value, KeyChange told = KeyChange.Replaced) =>
        c.Commit(c.Key(arg), arg, value, told);

    /// <summary>Logs the changes that were made to a collection in <see cref="CommandContext.Changes"/>; one that is empty goes with its key.</summary>
    public static void Commit(this CommandContext c, in BlobKey key, int arg, ICollectionValue value, KeyChange told = KeyChange.Replaced)
    {
        if (c.Changes.IsEmpty) return;
        if (!value.IsEmpty || !c.TryRemove(key, out _)) c.Store.Change(key, c.Changes.Written, ref c.Scope, told);
        c.Changes.Clear();
        if (!value.IsEmpty) return;
        c.Changed("del", arg);
    }

    /// <summary>Puts a new collection, or logs the changes to one that exists; false means <c>return Outcome.Retry</c>.</summary>
    public static bool TryCommit(this CommandContext c, int arg, ICollectionValue value, bool isNew, KeyChange told = KeyChange.Replaced)
    {
        if (isNew) return c.TryPut(c.Key(arg), value);
        c.Commit(arg, value, told);
        return true;
    }

    /// <summary>Puts a result over what a key argument has, or removes that where the result is empty, and replies with a count.</summary>
    public static Outcome Replace(this CommandContext c, int arg, ICollectionValue result, long count, string keyspaceEvent)
    {
        if (result.IsEmpty)
        {
            if (!c.TryRemove(arg, out bool removed)) return Outcome.Retry;
            if (removed) c.Changed("del", arg);
            return c.Integer(0);
        }

        if (!c.TryPut(c.Key(arg), result)) return Outcome.Retry;
        c.Changed(keyspaceEvent, arg);
        return c.Integer(count);
    }

    /// <summary>Whether the collections here are copies, so that what is known of one beside its elements may be another's.</summary>
    public static bool ReadsCopies(this CommandContext c) => c.Keyspace.KeepsCopies && c.Server.Forwarder is not null;

    /// <summary>Has the authority run the command, which has written nothing yet.</summary>
    public static Outcome AtAuthority(this CommandContext c) => c.RunAsync(c.Server.Forwarder!.ForwardAsync);

    /// <summary>Whether work over so many elements has to move to another thread first, by <c>return Outcome.Async</c>, so that no other connection waits.</summary>
    public static bool IsLong(this CommandContext c, long elements) => elements > CollectionReplyLimits.ElementsInline && c is { IsOnPool: false, IsInTransaction: false, Serving: null };

    public static Outcome Integer(this CommandContext c, long value)
    {
        c.Reply.Integer(value);
        return Outcome.Done;
    }

    public static Outcome Null(this CommandContext c)
    {
        c.Reply.Null();
        return Outcome.Done;
    }

    public static Outcome EmptyArray(this CommandContext c)
    {
        c.Reply.ArrayHeader(0);
        return Outcome.Done;
    }

    /// <summary>Reads an integer argument within bounds; false with Redis's error replied.</summary>
    public static bool TryLong(this CommandContext c, int arg, out long value, long least = long.MinValue, long most = long.MaxValue, string? refused = null)
    {
        if (!Resp.RedisInteger.TryParse(c.Arg(arg), out value))
        {
            if (refused is null) c.NotInteger();
            else c.Error(refused);
            return false;
        }

        if (value >= least && value <= most) return true;
        c.Error(refused ?? $"ERR value is out of range, value must between {least} and {most}");
        return false;
    }

    /// <summary>Reads a count, which is not negative; false with Redis's error replied.</summary>
    public static bool TryCount(this CommandContext c, int arg, out long value) =>
        c.TryLong(arg, out value, 0, long.MaxValue, "ERR value is out of range, must be positive");

    /// <summary>Whether an argument is a word, in any case.</summary>
    public static bool Is(this CommandContext c, int arg, ReadOnlySpan<byte> word) => System.Text.Ascii.EqualsIgnoreCase(c.Arg(arg), word);
}
