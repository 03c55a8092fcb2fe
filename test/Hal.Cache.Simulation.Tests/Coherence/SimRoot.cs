using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>The root: hosts the real <see cref="Hal.Cache.Coherence.Authority"/> over a store in memory and a log on a disk that survives crashes.</summary>
internal sealed class SimRoot : IAuthorityOutput
{
    private readonly SimCluster cluster;
    private readonly List<Record> log = [];
    private readonly HashSet<ulong> instances = [];
    private readonly Dictionary<ulong, int> nodes = [];
    private readonly Queue<Action> outputs = new();
    private readonly Dictionary<int, Stored> store = [];
    private readonly Dictionary<long, List<Action<bool>>> waiting = [];
    private readonly Dictionary<long, (int From, Acquire Message, AcquireItem Item)> held = [];
    private readonly List<(long Position, Action Then)> undurable = [];
    private RequestTable requests;
    private uint epoch;
    private long sequence;
    private long lastToken;
    private int durable;
    private bool draining;

    public SimRoot(SimCluster cluster, int node, SimClock clock)
    {
        (this.cluster, Node, Clock) = (cluster, node, clock);
        requests = new RequestTable(cluster.Options);
        Authority = null!;
        cluster.Network.Attach(Node, Receive);
        Start();
        Tick(Generation);
    }

    public int Node { get; }

    public Authority Authority { get; private set; }

    public SimClock Clock { get; }

    public bool IsUp { get; private set; }

    public int Generation { get; private set; }

    public ulong? Writer { get; private set; }

    public IReadOnlyDictionary<int, Stored> Store => store;

    public long Counter => ((long)epoch << 44) | sequence;

    public KeyId IdOf(int key) => cluster.Keys.IdOf(key);

    public void Send(CoherenceMessage message)
    {
        if (message is HelloOk) instances.Add(message.Instance); // durable before it goes out: the grace of the next epoch counts on it
        if (cluster.Mutation.MaySend(this, message) && nodes.TryGetValue(message.Instance, out var node)) cluster.Network.Send(Node, node, message);
    }

    public void Published(long ticket, bool writerRegistered) => outputs.Enqueue(() =>
    {
        if (!waiting.Remove(ticket, out var actions)) return;
        foreach (var action in actions) action(writerRegistered);
    });

    public void Released(long token) => outputs.Enqueue(() =>
    {
        if (held.Remove(token, out var acquire)) Acquire(acquire.From, acquire.Message, acquire.Item);
    });

    public void BarrierWanted() => outputs.Enqueue(() => Authority.Barrier(log.Count));

    /// <summary>A client at the root, or a forwarded command once it is known to be new.</summary>
    public void Execute(OperationKind kind, int key, long argument, WriterMark? writer, Action<long, long?, bool> done, TimeSpan? timeToLive = null, (ulong, ulong) request = default)
    {
        if (store.TryGetValue(key, out var had) && had.ExpiresAt <= Clock.Now)
        {
            store.Remove(key);
            had = null;
        }

        if (kind == OperationKind.Read)
        {
            var ticket = Authority.Ticket(cluster.Keys.Of(key).Id);
            long? value = had is { Exists: true } ? had.Value : null;
            Reply(ticket, had?.Position ?? 0, _ => done(had?.Version ?? Counter, value, false));
            return;
        }

        long? result = kind switch { OperationKind.Increment => (had?.Value ?? 0) + 1, OperationKind.Set => argument, _ => null };
        cluster.Mutation.Changing(this, key, had);
        sequence++;
        var entry = new Stored(Counter, kind != OperationKind.Delete, result ?? 0, log.Count + 1, timeToLive is { } left ? Clock.Now + (long)left.TotalMicroseconds : long.MaxValue);
        log.Add(new Record(key, entry, request, result));
        if (entry.Exists) store[key] = entry;
        else store.Remove(key);
        Writer = writer?.Instance;
        var change = Authority.IsIdle ? default : Authority.Changed(cluster.Keys.Of(key).Id, entry.Version, log.Count, cluster.Mutation.MarksWriter ? writer : null, Clock.Now);
        Writer = null;
        var version = entry.Version;
        Reply(change.Ticket, entry.Position, registered => done(version, result, change.WriterRegistered || registered));
        Flush();
        Drain();
    }

    /// <summary>One command that sets several keys.</summary>
    public void ExecuteMany(int[] keys, long argument, Action done)
    {
        var changes = new KeyVersion[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            sequence++;
            var entry = new Stored(Counter, true, argument, log.Count + 1);
            changes[i] = new KeyVersion(cluster.Keys.Of(keys[i]).Id, entry.Version);
            store[keys[i]] = entry;
        }

        log.Add(new Record(-1, new Stored(0, true, argument, log.Count + 1), default, null) { Many = [.. keys.Select(k => (k, store[k]))] });
        Reply(Authority.IsIdle ? 0 : Authority.Changed(changes, log.Count, Clock.Now).Ticket, log.Count, _ => done());
        Flush();
        Drain();
    }

    public void FlushAll(Action done)
    {
        sequence++;
        store.Clear();
        log.Add(new Record(-1, new Stored(Counter, false, 0, log.Count + 1), default, null) { ClearsAll = true });
        Reply(Authority.IsIdle ? 0 : Authority.ChangedAll(log.Count, Clock.Now).Ticket, log.Count, _ => done());
        Flush();
        Drain();
    }

    public void Crash()
    {
        IsUp = false;
        Generation++;
        // Of what was not yet known to be durable, some may have reached the disk.
        var kept = cluster.Random.Next(durable, log.Count + 1);
        log.RemoveRange(kept, log.Count - kept);
        waiting.Clear();
        held.Clear();
        outputs.Clear();
        undurable.Clear();
        nodes.Clear();
    }

    public void Start()
    {
        store.Clear();
        epoch++;
        (sequence, durable) = (0, log.Count);
        requests = new RequestTable(cluster.Options);
        foreach (var record in log)
        {
            if (record.ClearsAll) store.Clear();
            foreach (var (key, entry) in record.Many ?? [(record.Key, record.Entry)])
            {
                if (key >= 0 && entry.Exists) store[key] = entry;
                else store.Remove(key);
            }

            if (record.Request != default) requests.Restore(record.Request.Item1, record.Request.Item2, Encode(record.Entry.Version, record.Result));
        }

        var known = cluster.Settings.KnowsInstances || epoch == 1 ? instances.ToArray() : null;
        Authority = new Authority(
            cluster.Mutation.AuthorityOptions(cluster.Options), SimCluster.TicksPerSecond, epoch, cluster.Mutation.Grace(known), this, Clock.Now);
        Authority.Durable(durable);
        IsUp = true;
        Drain();
    }

    public void Acquire(int from, Acquire message, AcquireItem item)
    {
        if (cluster.RootOf(SimKeys.Number(item.Key)) != this) throw new InvalidOperationException($"key {SimKeys.Number(item.Key)} is another root's");
        if (cluster.Mutation.Acquire(this, from, message, item)) return;
        var token = ++lastToken;
        var answer = Answer(item);
        var result = Authority.Register(message.Instance, message.Session, message.Epoch, item.Key.Id, item.Flight, token);
        switch (result.Outcome)
        {
            case AcquireOutcome.Registered:
                Reply(result.Ticket, 0, _ => SendAnswer(from, message, answer));
                break;
            case AcquireOutcome.Held:
                held[token] = (from, message, item);
                cluster.Mutation.Held(this, from, message, item);
                break;
            case AcquireOutcome.Busy:
                SendAnswer(from, message, answer with { Status = AcquireStatus.Busy });
                break;
        }

        Drain();
    }

    public AcquireAnswer Answer(AcquireItem item)
    {
        var key = SimKeys.Number(item.Key);
        if (store.TryGetValue(key, out var had) && had.ExpiresAt <= Clock.Now)
        {
            store.Remove(key);
            had = null;
        }

        if (had is null) return new AcquireAnswer(item.Key, item.Flight, Counter, AcquireStatus.Absent);
        var small = cluster.Random.NextDouble() < cluster.Settings.SmallValues;
        return new AcquireAnswer(item.Key, item.Flight, had.Version, AcquireStatus.Found)
        {
            Payload = small ? BitConverter.GetBytes(had.Value) : default,
            TimeToLive = had.ExpiresAt == long.MaxValue ? null : TimeSpan.FromMicroseconds(had.ExpiresAt - Clock.Now),
        };
    }

    public void SendAnswer(int to, Acquire message, AcquireAnswer answer) =>
        cluster.Network.Send(Node, to, new AcquireOk(message.Instance, message.Session, epoch, [answer]));

    /// <summary>Does something in this very process, unless it crashes first.</summary>
    public void Later(long microseconds, Action action)
    {
        var generation = Generation;
        cluster.Scheduler.After(microseconds, () =>
        {
            if (generation != Generation) return;
            action();
            Drain();
        });
    }

    public void Drain()
    {
        if (draining) return;
        draining = true;
        while (outputs.TryDequeue(out var action)) action();
        draining = false;
    }

    private void Receive(int from, object received)
    {
        if (!IsUp) return;
        var message = cluster.Mutation.AtAuthority(this, received);
        switch (message)
        {
            case Acquire acquire:
                nodes[acquire.Instance] = from;
                foreach (var item in acquire.Items) Acquire(from, acquire, item);
                break;
            case CoherenceMessage coherence:
                nodes[coherence.Instance] = from;
                Authority.Receive(coherence, Clock.Now);
                break;
            case WriteRequest write:
                nodes[write.Instance] = from;
                Write(write);
                break;
            case FetchRequest fetch:
                var chunk = cluster.Mutation.Chunk(store.GetValueOrDefault(fetch.Key), fetch.Version, fetch.Chunk);
                cluster.Network.Send(Node, from, new FetchReply(fetch.Id, chunk is not null, chunk ?? 0));
                break;
        }

        Drain();
    }

    private void Write(WriteRequest write)
    {
        switch (requests.Begin(write.Instance, write.Request, out var known))
        {
            case RequestOutcome.New:
                WriterMark? writer = write.Flight == 0 ? null : new WriterMark(write.Instance, write.Session, write.Flight);
                Execute(
                    write.Kind, write.Key, write.Argument, writer,
                    (version, result, registered) =>
                    {
                        requests.Done(write.Instance, write.Request, Encode(version, result));
                        SendReply(write, version, result, registered);
                    },
                    request: (write.Instance, write.Request));
                break;
            case RequestOutcome.Known:
                var (knownVersion, knownResult) = Decode(known);
                Reply(Authority.Ticket(cluster.Keys.Of(write.Key).Id), 0, _ => SendReply(write, knownVersion, knownResult, false));
                break;
            case RequestOutcome.Unknown:
                if (nodes.TryGetValue(write.Instance, out var node)) cluster.Network.Send(Node, node, new WriteReply(write.Instance, write.Request, null, null));
                break;
        }
    }

    private void SendReply(WriteRequest write, long version, long? result, bool registered)
    {
        if (!nodes.TryGetValue(write.Instance, out var node)) return;
        cluster.Network.Send(
            Node, node,
            new WriteReply(write.Instance, write.Request, new WriteOk(write.Instance, write.Session, epoch, write.Request, write.Flight, version, registered), result));
    }

    // Without sessions the authority is not asked, and the host waits for its log itself.
    private void Reply(long ticket, long position, Action<bool> action)
    {
        var gate = cluster.Mutation.Gate(ticket);
        if (gate != 0)
        {
            if (!waiting.TryGetValue(gate, out var actions)) waiting.Add(gate, actions = []);
            actions.Add(action);
        }
        else if (Authority.IsIdle && position > durable && !cluster.Mutation.DurableAtOnce)
        {
            undurable.Add((position, () => action(false)));
        }
        else
        {
            action(false);
        }
    }

    private void Flush()
    {
        var (position, generation) = (log.Count, Generation);
        if (cluster.Mutation.DurableAtOnce) Authority.Durable(position);
        cluster.Scheduler.After(cluster.Random.Next(500, 20_000), () =>
        {
            if (generation != Generation) return;
            durable = Math.Max(durable, position);
            Authority.Durable(durable);
            foreach (var (_, then) in undurable.Where(u => u.Position <= durable).ToArray()) then();
            undurable.RemoveAll(u => u.Position <= durable);
            Drain();
        });
    }

    private void Tick(int generation)
    {
        if (IsUp && generation == Generation && cluster.Mutation.TicksAuthority)
        {
            Authority.Tick(Clock.Now);
            Drain();
        }

        if (!cluster.Ended) cluster.Scheduler.After(10_000, () => Tick(Generation));
    }

    private static byte[] Encode(long version, long? result) => [.. BitConverter.GetBytes(version), .. result is { } value ? BitConverter.GetBytes(value) : []];

    private static (long Version, long? Result) Decode(ReadOnlyMemory<byte> bytes) =>
        (BitConverter.ToInt64(bytes.Span), bytes.Length > 8 ? BitConverter.ToInt64(bytes.Span[8..]) : null);

    private sealed record Record(int Key, Stored Entry, (ulong, ulong) Request, long? Result)
    {
        public (int, Stored)[]? Many { get; init; }

        public bool ClearsAll { get; init; }
    }
}
