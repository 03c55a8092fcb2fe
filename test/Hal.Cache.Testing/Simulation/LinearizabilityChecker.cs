namespace Hal.Cache.Testing.Simulation;

/// <summary>
/// Decides whether a history is linearizable, key by key (linearizability is local: Herlihy and Wing, 1990): the search of Wing and Gong
/// (1993) with Lowe's memory of configurations seen (2017), for keys that start out absent.
/// </summary>
public static class LinearizabilityChecker
{
    /// <summary>A key whose operations have no linear order, or null.</summary>
    public static string? FindViolation(IEnumerable<Operation> history)
    {
        foreach (var key in history.GroupBy(o => o.Key, StringComparer.Ordinal))
        {
            if (!IsLinearizable([.. key])) return key.Key;
        }

        return null;
    }

    public static bool IsLinearizable(IReadOnlyList<Operation> operations)
    {
        var relevant = operations.Where(o => o.Kind != OperationKind.Read || o.Returned != Operation.Never).ToArray();
        var head = Link(relevant);
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
                if (Apply(at.Operation!, state, out var after) && seen.Add((done ^ marks[at.Index], after)))
                {
                    chosen.Push((at, state));
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
                if (last.Call.Operation!.Returned != Operation.Never) open++;
                at = last.Call.Next;
            }
        }

        return true;
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
