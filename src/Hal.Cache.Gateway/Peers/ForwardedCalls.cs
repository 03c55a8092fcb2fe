using System.Diagnostics.CodeAnalysis;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// The authority's memory of forwarded commands, so that one that is sent again runs once: for each caller the last
/// <see cref="CallsMax"/> requests with their replies, and those that still run. Thread-safe.
/// </summary>
internal sealed class ForwardedCalls
{
    /// <summary>Requests that are remembered for each caller.</summary>
    public const int CallsMax = 4096;

    /// <summary>Callers that are remembered; the one that was heard of longest ago makes room.</summary>
    public const int CallersMax = 4096;

    /// <summary>Longest reply that is remembered, in bytes; of a longer one the retry hears that its outcome is unknown.</summary>
    public const int ReplyBytesMax = 4096;

    private readonly Lock gate = new();
    private readonly Dictionary<long, Caller> callers = [];
    private readonly Queue<long> order = new();

    /// <summary>How a request that arrives stands.</summary>
    public enum Standing
    {
        /// <summary>It is to be run.</summary>
        New,

        /// <summary>Its first attempt still runs: wait for it, then ask again.</summary>
        Running,

        /// <summary>It has run, and this is its reply.</summary>
        Done,

        /// <summary>It may have run.</summary>
        Unknown,
    }

    public Standing Begin(in ForwardedCall call, long epoch, out Entry? entry)
    {
        lock (gate)
        {
            if (!callers.TryGetValue(call.Caller, out Caller? caller))
                callers.Add(call.Caller, caller = Remember(call.Caller));
            if (caller.Calls.TryGetValue(call.Request, out entry))
                return !entry.Ended.Task.IsCompleted ? Standing.Running : entry.Reply == null ? Standing.Unknown : Standing.Done;

            // A retry that is not known here: it never came, or it came to an earlier epoch, or so long ago that it is forgotten.
            if (call.Attempt > 0 && (call.Epoch != epoch || call.Request <= caller.ForgottenThrough))
                return Standing.Unknown;
            caller.Calls.Add(call.Request, entry = new(this, caller, call.Request));
            caller.Order.Enqueue(call.Request);
            if (caller.Order.Count > CallsMax)
                Forget(caller);
            return Standing.New;
        }
    }

    /// <summary>A request that is remembered, null where it is not.</summary>
    public Entry? Find(long caller, long request)
    {
        lock (gate)
            return callers.TryGetValue(caller, out Caller? known) && known.Calls.TryGetValue(request, out Entry? entry) ? entry : null;
    }

    private static void Forget(Caller caller)
    {
        long oldest = caller.Order.Dequeue();
        Entry entry = caller.Calls[oldest];
        entry.IsForgotten = true;
        if (entry.Ended.Task.IsCompleted)
            caller.Calls.Remove(oldest);
        caller.ForgottenThrough = Math.Max(caller.ForgottenThrough, oldest);
    }

    /// <summary>A request has ended that was kept only because it ran.</summary>
    private void Drop(Caller caller, long request)
    {
        lock (gate)
            caller.Calls.Remove(request);
    }

    private Caller Remember(long caller)
    {
        order.Enqueue(caller);
        if (order.Count > CallersMax)
            callers.Remove(order.Dequeue());
        return new();
    }

    /// <summary>One request: its reply, and what that waits for, once it has ended.</summary>
    [SuppressMessage("Design", "CA1034", Justification = "It is read together with its table.")]
    internal sealed class Entry(ForwardedCalls table, object caller, long request)
    {
        private volatile bool isForgotten;

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Only that it runs keeps it: it waits for others, and may be asked to end.</summary>
        public bool IsForgotten
        {
            get => isForgotten;
            set => isForgotten = value;
        }

        /// <summary>The connection here that runs it.</summary>
        public long Client { get; set; }

        /// <summary>Null where the command did not end, or its reply is too long to be remembered.</summary>
        public byte[]? Reply { get; private set; }

        public long Address { get; private set; }

        public long[] Tickets { get; private set; } = [];

        public void End(byte[]? reply, long address, long[] tickets)
        {
            (Reply, Address, Tickets) = (reply, address, tickets);
            Ended.TrySetResult();
            if (isForgotten)
                table.Drop((Caller)caller, request);
        }
    }

    private sealed class Caller
    {
        public Dictionary<long, Entry> Calls { get; } = [];

        public Queue<long> Order { get; } = new();

        public long ForgottenThrough { get; set; }
    }
}
