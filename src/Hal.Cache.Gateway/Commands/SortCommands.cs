using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node;
using Hal.Cache.Node.Tree;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>SORT. It may read any key, by its patterns, so it runs with all shards locked; a long one leaves the thread that polls sockets first.</summary>
internal static class SortCommands
{
    /// <summary>Keys that patterns name, which no argument says.</summary>
    private static KeySpec Patterns => new(2, Flags: KeyFlags.RO | KeyFlags.Access)
    {
        IsUnknown = true, Finder = static (_, _) => -1,
        Notes = "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
    };

    public static readonly CommandSpec[] Specs =
    [
        new("sort", -2, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.MovableKeys | CommandFlags.AllShards,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Sort(c, false))
        {
            Group = "generic", Since = "1.0.0", Complexity = "O(N+M*log(M))",
            Summary = "Gives or keeps a collection's elements in order.",
            Categories = ["set", "sortedset", "list", "dangerous"],
            MoreKeys =
            [
                Patterns,
                new(2, Flags: KeyFlags.OW | KeyFlags.Update)
                {
                    Keyword = "STORE", Finder = StoreArgOf, IsUnknown = true,
                    Notes = "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
                },
            ],
        },
        new("sort_ro", -2, CommandFlags.ReadOnly | CommandFlags.MovableKeys | CommandFlags.AllShards,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Sort(c, true))
        {
            Group = "generic", Since = "7.0.0", Complexity = "O(N+M*log(M))",
            Summary = "Gives a collection's elements in order.",
            Categories = ["set", "sortedset", "list", "dangerous"],
            MoreKeys = [Patterns],
        },
    ];

    private sealed class Options
    {
        public bool Falling { get; set; }

        public bool Alpha { get; set; }

        public long Offset { get; set; }

        public long Limit { get; set; } = -1;

        public int StoreArg { get; set; }

        public KeyPattern? By { get; set; }

        public bool DontSort { get; set; }

        public List<KeyPattern> Gets { get; } = [];

        /// <summary>A pattern names other keys.</summary>
        public bool ReadsOthers { get; set; }
    }

    private static Outcome Sort(CommandContext c, bool readOnly)
    {
        c.NeedArguments();
        if (!TryOptions(c, readOnly, out Options options)) return Outcome.Done;

        // Below the root each of those keys might have to be waited for, one after the other.
        if (options.ReadsOthers && c.ReadsCopies()) return c.AtAuthority();
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        IObjectValue? source = entry.IsNone || !entry.IsObject ? null : c.Store.Object(entry);
        if (!entry.IsNone && source is not (ListValue or SetValue or SortedSetValue)) return c.WrongType();
        if (options.DontSort && (options.StoreArg > 0 || c.IsInScript) && source is SetValue)
            (options.DontSort, options.Alpha, options.By) = (false, true, null); // what is kept, or a script sees, must not depend on a set's order

        List<byte[]> elements = source is null ? [] : Elements(source, options);
        if (c.IsLong(elements.Count)) return Outcome.Async;
        Window(elements.Count, options, out int start, out int count);
        if (!options.DontSort && !TryOrder(c, options, ref elements, out Outcome outcome)) return outcome;
        return options.StoreArg != 0 ? Store(c, options, elements, start, count) : Write(c, options, elements, start, count);
    }

    /// <summary>The argument behind STORE, the last of several; -1 where there is none.</summary>
    private static int StoreArgOf(CommandContext c, int offset)
    {
        int found = -1;
        for (int arg = offset + 2; arg < c.Count; arg++)
        {
            if (c.IsLarge(arg)) continue;
            if (c.Is(arg, "LIMIT"u8)) arg += 2;
            else if (c.Is(arg, "GET"u8) || c.Is(arg, "BY"u8)) arg++;
            else if (c.Is(arg, "STORE"u8) && arg + 1 < c.Count) found = ++arg;
        }

        return found;
    }

    private static bool TryOptions(CommandContext c, bool readOnly, out Options options)
    {
        options = new Options();
        for (int arg = 2; arg < c.Count; arg++)
        {
            int left = c.Count - arg - 1;
            if (c.Is(arg, "ASC"u8)) options.Falling = false;
            else if (c.Is(arg, "DESC"u8)) options.Falling = true;
            else if (c.Is(arg, "ALPHA"u8)) options.Alpha = true;
            else if (left >= 2 && c.Is(arg, "LIMIT"u8))
            {
                if (!c.TryLong(arg + 1, out long offset) || !c.TryLong(arg + 2, out long limit)) return false;
                (options.Offset, options.Limit) = (offset, limit);
                arg += 2;
            }
            else if (!readOnly && left >= 1 && c.Is(arg, "STORE"u8)) options.StoreArg = ++arg;
            else if (left >= 1 && c.Is(arg, "BY"u8))
            {
                ReadOnlySpan<byte> pattern = c.Arg(++arg);
                options.By = new KeyPattern(pattern);
                if (!pattern.Contains((byte)'*')) options.DontSort = true;
                else if (!IsOfOneRoot(c, options.By)) return OfSeveralRoots(c, "BY");
                else if (!AclGate.PermitsAllReads(c)) return Denied(c, "BY");
                options.ReadsOthers |= !options.DontSort;
            }
            else if (left >= 1 && c.Is(arg, "GET"u8))
            {
                if (!AclGate.PermitsAllReads(c)) return Denied(c, "GET");
                options.ReadsOthers |= !c.Is(++arg, "#"u8);
                options.Gets.Add(new KeyPattern(c.Arg(arg)));
                if (!IsOfOneRoot(c, options.Gets[^1])) return OfSeveralRoots(c, "GET");
            }
            else
            {
                c.Syntax();
                return false;
            }
        }

        if (options.StoreArg == 0) return true;
        if (c.ArgLength(options.StoreArg) > BlobKey.BytesMax) c.Error(RespErrors.KeyTooLong);
        else if (c.Keyspace.TryMatchOrigin(c.Arg(options.StoreArg), out OriginMount? mount)) c.Error(RespErrors.ReadOnlyPrefix(mount.Prefix.Span));
        else return true;
        return false;
    }

    // As Redis Cluster does it: a hash tag before the '*' says whose all keys of the pattern are.
    private static bool IsOfOneRoot(CommandContext c, KeyPattern pattern)
    {
        if (c.Server.Places is null || !pattern.NamesKeys) return true;
        RootTable roots = c.Server.Tree!.Authorities.Roots;
        return pattern.IsTagged && roots.Of(pattern.Before) == roots.Of(c.Arg(1));
    }

    private static bool OfSeveralRoots(CommandContext c, string option)
    {
        c.Error($"ERR {option} option of SORT denied in a tree of several roots when keys formed by the pattern may be of another root.");
        return false;
    }

    // Patterns name any key.
    private static bool Denied(CommandContext c, string option)
    {
        c.Error($"ERR {option} option of SORT denied due to insufficient ACL permissions.");
        return false;
    }

    private static List<byte[]> Elements(IObjectValue source, Options options)
    {
        var all = new List<byte[]>();
        bool isBackward = options is { DontSort: true, Falling: true };
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        switch (source)
        {
            case ListValue list:
                ListItemCursor items = list.Items(isBackward ? list.Count - 1 : 0, isBackward, scratch);
                while (items.MoveNext()) all.Add(items.Current.ToArray());
                break;
            case SetValue set:
                SetValue.MemberCursor members = set.Members(scratch);
                while (members.MoveNext()) all.Add(members.Current.ToArray());
                break;
            case SortedSetValue scored:
                ScoredCursor ranked = scored.Items(isBackward ? scored.Count - 1 : 0, isBackward, scratch);
                while (ranked.MoveNext()) all.Add(ranked.Member.ToArray());
                break;
        }

        return all;
    }

    private static void Window(int found, Options options, out int start, out int count)
    {
        start = (int)Math.Min(Math.Max(options.Offset, 0), found);
        long limit = options.Limit < 0 ? found : options.Limit;
        count = (int)Math.Min(limit, found - start);
    }

    private static bool TryOrder(CommandContext c, Options options, ref List<byte[]> elements, out Outcome outcome)
    {
        outcome = Outcome.Done;
        var items = new List<SortItem>(elements.Count);
        foreach (byte[] element in elements)
        {
            var item = new SortItem(element);
            byte[]? weight = element;
            if (options.By is not null && !options.By.TryGet(c, element, out weight))
            {
                outcome = Outcome.Retry;
                return false;
            }

            if (options.Alpha)
            {
                item.Text = weight;
            }
            else if (weight is not null)
            {
                if (!TryScore(weight, out double score))
                {
                    outcome = c.Error("ERR One or more scores can't be converted into double"u8);
                    return false;
                }

                item.Score = score;
            }

            items.Add(item);
        }

        int sign = options.Falling ? -1 : 1;
        bool alpha = options.Alpha;
        var order = Comparer<SortItem>.Create((x, y) => sign * Compare(x, y, alpha));
        elements = [.. items.Order(order).Select(item => item.Element)]; // which keeps the order of equal ones
        return true;
    }

    // C's strtod over a C string: what follows a NUL is not seen, and nothing is zero.
    private static bool TryScore(byte[] weight, out double score)
    {
        score = 0;
        int end = weight.AsSpan().IndexOf((byte)0);
        ReadOnlySpan<byte> text = weight.AsSpan(0, end < 0 ? weight.Length : end);
        return text.IsEmpty || RedisDouble.TryParse(text.TrimStart(" \t\n\v\f\r"u8), out score);
    }

    private static int Compare(SortItem x, SortItem y, bool alpha)
    {
        if (alpha)
        {
            if (x.Text is null || y.Text is null) return (x.Text is null ? 0 : 1) - (y.Text is null ? 0 : 1);
            return x.Text.AsSpan().SequenceCompareTo(y.Text);
        }

        int order = x.Score.CompareTo(y.Score);
        return order != 0 ? order : x.Element.AsSpan().SequenceCompareTo(y.Element);
    }

    private static Outcome Write(CommandContext c, Options options, List<byte[]> elements, int start, int count)
    {
        c.Reply.ArrayHeader(count * Math.Max(1, options.Gets.Count));
        for (int i = start; i < start + count; i++)
        {
            if (options.Gets.Count == 0) c.Reply.Bulk(elements[i]);
            foreach (KeyPattern pattern in options.Gets)
            {
                if (!pattern.TryGet(c, elements[i], out byte[]? value)) return Outcome.Retry;
                if (value is null) c.Reply.Null();
                else c.Reply.Bulk(value);
            }
        }

        return Outcome.Done;
    }

    private static Outcome Store(CommandContext c, Options options, List<byte[]> elements, int start, int count)
    {
        var result = new ListValue(c.Keyspace.Collections);
        for (int i = start; i < start + count; i++)
        {
            if (options.Gets.Count == 0) Push(result, elements[i]);
            foreach (KeyPattern pattern in options.Gets)
            {
                if (!pattern.TryGet(c, elements[i], out byte[]? value)) return Outcome.Retry;
                Push(result, value ?? []);
            }
        }

        ReadOnlySpan<byte> name = c.Arg(options.StoreArg);
        var key = new BlobKey(c.Client.Database, name, c.Store.Hash(name));
        if (result.IsEmpty)
        {
            if (!c.TryRemove(key, out bool removed)) return Outcome.Retry;
            if (removed) c.Changed("del", options.StoreArg);
            return c.Integer(0);
        }

        long length = result.Count;
        if (!c.TryPut(key, result)) return Outcome.Retry;
        c.Changed("sortstore", options.StoreArg);
        return c.Integer(length);
    }

    private static void Push(ListValue list, byte[] value)
    {
        list.ExpectGrowth(value.Length, 1);
        list.PushTail(value, null);
    }
}
