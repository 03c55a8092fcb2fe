namespace Hal.Cache.Testing.Simulation;

/// <summary>
/// Decides whether a history is linearizable, key by key (linearizability is local: Herlihy and Wing, "Linearizability: a correctness
/// condition for concurrent objects", 1990): the search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the
/// memory of configurations seen of Lowe ("Testing for linearizability", 2017), for keys that start out absent.
/// </summary>
public static class LinearizabilityChecker
{
    /// <summary>Configurations that are tried for one key; a key that needs more is an error, never a verdict.</summary>
    public const int ConfigurationsMax = 4_000_000;

    /// <summary>A key whose operations have no linear order, or null.</summary>
    public static string? FindViolation(IEnumerable<Operation> history)
    {
        foreach (var key in history.GroupBy(o => o.Key, StringComparer.Ordinal))
        {
            if (!IsLinearizable([.. key])) return key.Key;
        }

        return null;
    }

    /// <summary>Whether the operations on one key have a linear order; throws <see cref="InvalidOperationException"/> beyond the limit.</summary>
    public static bool IsLinearizable(IReadOnlyList<Operation> operations, int configurationsMax = ConfigurationsMax)
    {
        var relevant = Relevant(operations);
        var head = Link(relevant);
        var before = EarlierTwins(relevant);
        var placed = new bool[relevant.Length];
        var seen = new HashSet<(UInt128, long?)>();
        var random = new Random(1);
        var marks = relevant.Select(_ => new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64())).ToArray();
        var chosen = new Stack<(Event Call, long? State)>();
        UInt128 done = 0;
        long? state = null;
        var open = relevant.Count(o => o.Returned != Operation.Never);
        var at = head.Next;
        while (open > 0)
        {
            // A call may be next as long as no operation that is not yet placed returned before it.
            if (at is { Return: { } end })
            {
                if ((before[at.Index] < 0 || placed[before[at.Index]]) && Apply(at.Operation!, state, out var after) && seen.Add((done ^ marks[at.Index], after)))
                {
                    if (seen.Count > configurationsMax)
                        throw new InvalidOperationException($"{relevant.Length} operations on {at.Operation!.Key} need more than {configurationsMax} configurations.");
                    chosen.Push((at, state));
                    placed[at.Index] = true;
                    (done, state) = (done ^ marks[at.Index], after);
                    if (at.Operation!.Returned != Operation.Never) open--;
                    at.Unlink();
                    end.Unlink();
                    at = head.Next;
                }
                else
                {
                    at = at.Next;
                }
            }
            else
            {
                if (!chosen.TryPop(out var last)) return false;
                last.Call.Return!.Relink();
                last.Call.Relink();
                (done, state) = (done ^ marks[last.Call.Index], last.State);
                placed[last.Call.Index] = false;
                if (last.Call.Operation!.Returned != Operation.Never) open++;
                at = last.Call.Next;
            }
        }

        return true;
    }

    // A read whose answer nobody got says nothing; nor does a write without an outcome whose value no read has seen and nothing counts on
    // from: it may as well never have happened.
    private static Operation[] Relevant(IReadOnlyList<Operation> operations)
    {
        var counts = operations.Any(o => o.Kind == OperationKind.Increment);
        var seen = operations.Where(o => o.Kind == OperationKind.Read && o.Returned != Operation.Never).Select(o => o.Result).ToHashSet();
        return [.. operations.Where(o => o.Returned != Operation.Never || (o.Kind != OperationKind.Read && (counts || o.Kind != OperationKind.Set || seen.Contains(o.Argument))))];
    }

    // Increments without an outcome are all alike, and so are deletes: where one is taken, it may as well be the one that was called first.
    // Otherwise each subset of them would be a configuration of its own.
    private static int[] EarlierTwins(Operation[] operations)
    {
        var before = new int[operations.Length];
        Array.Fill(before, -1);
        foreach (var kind in (ReadOnlySpan<OperationKind>)[OperationKind.Increment, OperationKind.Delete])
        {
            var open = Enumerable.Range(0, operations.Length).Where(i => operations[i].Kind == kind && operations[i].Returned == Operation.Never).OrderBy(i => operations[i].Invoked).ToArray();
            for (var i = 1; i < open.Length; i++) before[open[i]] = open[i - 1];
        }

        return before;
    }

    private static bool Apply(Operation operation, long? state, out long? after)
    {
        after = operation.Kind switch
        {
            OperationKind.Set => operation.Argument,
            OperationKind.Increment => (state ?? 0) + 1,
            OperationKind.Delete => null,
            _ => state,
        };
        return operation.Kind switch
        {
            OperationKind.Read => operation.Result == state,
            OperationKind.Increment => operation.Returned == Operation.Never || operation.Result == after,
            _ => true,
        };
    }

    // At one instant calls come before returns: such operations may be in either order.
    private static Event Link(Operation[] operations)
    {
        var events = new List<(long Time, int Kind, Event Event)>();
        for (var i = 0; i < operations.Length; i++)
        {
            var end = new Event();
            events.Add((operations[i].Invoked, 0, new Event { Operation = operations[i], Index = i, Return = end }));
            events.Add((operations[i].Returned, 1, end));
        }

        var head = new Event();
        var last = head;
        foreach (var (_, _, next) in events.OrderBy(e => e.Time).ThenBy(e => e.Kind))
        {
            (last.Next, next.Previous) = (next, last);
            last = next;
        }

        return head;
    }

    private sealed class Event
    {
        public Operation? Operation { get; init; }

        public int Index { get; init; }

        /// <summary>Set in the event of a call.</summary>
        public Event? Return { get; init; }

        public Event? Next { get; set; }

        public Event? Previous { get; set; }

        public void Unlink()
        {
            Previous!.Next = Next;
            if (Next is not null) Next.Previous = Previous;
        }

        public void Relink()
        {
            Previous!.Next = this;
            if (Next is not null) Next.Previous = this;
        }
    }
}
