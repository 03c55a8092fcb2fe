using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Gateway.PubSub.Relay;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Gateway.Tests.PubSub;

/// <summary>
/// Instances that exchange messages over links in memory, whose frames move when <see cref="Run"/> moves them, one by one, each link's in its
/// order.
/// </summary>
internal sealed class RelayHost : IAsyncDisposable
{
    private readonly Dictionary<string, Instance> instances = [];
    private readonly List<Channel> channels = [];
    private readonly Lock gate = new();
    private long clients = 1;

    public ManualTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddDays(20_000));

    public Instance this[string name] => instances[name];

    /// <summary>Frames that have moved.</summary>
    public int Moved { get; private set; }

    public Instance Add(string name, string? parent = null)
    {
        var hub = new ChannelHub();
        var notifications = new KeyspaceNotifications(hub);
        var one = new Instance(this, name, hub, notifications, new MessageRelay(hub, notifications, parent, "root", new Peers(this, name), Time));
        one.Relay.EventsChanged = () => notifications.Elsewhere = one.Relay.EventsElsewhere;
        instances.Add(name, one);
        return one;
    }

    /// <summary>Links an instance to its parent.</summary>
    public async Task StartAsync(string name)
    {
        instances[name].Relay.Start();
        await UntilAsync(() => instances[name].Relay.LinkCount > 0);
        await SettleAsync();
    }

    /// <summary>Moves frames until every instance knows what the others are subscribed to.</summary>
    public async Task SettleAsync()
    {
        Task all = Task.WhenAll(instances.Values.Select(one => one.Relay.SettleAsync()));
        await UntilAsync(() => all.IsCompleted);
    }

    /// <summary>Moves frames until a condition holds.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "what is waited for does not come");
            Run();
            await Task.Yield();
        }
    }

    /// <summary>Moves frames until none is left.</summary>
    public void Run()
    {
        bool moves = true;
        while (moves)
        {
            Channel[] all;
            lock (gate) all = [.. channels];
            moves = false;
            foreach (Channel channel in all) moves |= channel.Move();
            if (moves) Moved++;
        }
    }

    /// <summary>Cuts an instance off.</summary>
    public void Cut(string name)
    {
        Channel[] all;
        lock (gate) all = [.. channels.Where(one => one.From == name || one.Peer == name)];
        foreach (Channel channel in all) channel.Close();
        Run();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Instance one in instances.Values) await one.Relay.DisposeAsync();
    }

    internal sealed record Instance(RelayHost Host, string Name, ChannelHub Hub, KeyspaceNotifications Notifications, MessageRelay Relay)
    {
        /// <summary>A client that is subscribed to a name.</summary>
        public ClientSession Subscribe(SubscriptionKind kind, string name)
        {
            var client = new ClientSession(Interlocked.Increment(ref Host.clients), "", "", DateTimeOffset.UnixEpoch, static () => { }, commands: 0);
            Hub.Subscribe(client, kind, Bytes(name));
            return client;
        }

        public int Publish(string channel, string message) => Relay.Publish(SubscriptionKind.Channel, Bytes(channel), Bytes(message), 0);

        /// <summary>The texts of the messages that a client got since the last look.</summary>
        public static string[] Got(ClientSession client)
        {
            string[] lines = System.Text.Encoding.Latin1.GetString(client.Outbox.Take().Span).Split("\r\n");
            return [.. lines.Select((line, at) => (line, at)).Where(one => one.line is "message" or "smessage").Select(one => lines[one.at + 4])];
        }
    }

    internal static byte[] Bytes(string text) => System.Text.Encoding.Latin1.GetBytes(text);

    private static (Channel There, Channel Back) Connect(string from, string to)
    {
        var there = new Channel(from, to);
        var back = new Channel(to, from);
        (there.Other, back.Other) = (back, there);
        return (there, back);
    }

    private sealed class Peers(RelayHost host, string name) : IPeerClient
    {
        public ValueTask<Result<IFrameChannel>> ConnectAsync(string peer, PeerChannelKind kind, IFrameSink sink, CancellationToken cancellation)
        {
            if (!host.instances.TryGetValue(peer, out Instance? target)) return new(new CacheError(CacheErrorCode.Unavailable, "unknown"));
            (Channel there, Channel back) = Connect(name, peer);
            back.Sink = sink;
            there.Sink = target.Relay.Accept(back);
            lock (host.gate) host.channels.AddRange([there, back]);
            return new(Results.Of<IFrameChannel>(there));
        }

        public long MemoryBytes => 0;

        public long MemoryMisses => 0;

        public ValueTask<CacheError?> ReadAsync(string peer, RangeRequest request, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public ValueTask<Result<ICommandLink>> RentAsync(string peer, CancellationToken cancellation) => throw new NotSupportedException();

        public void Cut(string peer) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => default;
    }

    /// <summary>One direction: what is sent on it is handed to the sink of the other end.</summary>
    private sealed class Channel(string from, string to) : IFrameChannel
    {
        private readonly Queue<byte[]> queued = new();
        private bool isClosed;

        public string From => from;

        public string Peer => to;

        public IFrameSink? Sink { get; set; }

        public Channel? Other { get; set; }

        public int QueuedBytes
        {
            get
            {
                lock (queued) return queued.Sum(frame => frame.Length);
            }
        }

        public bool TrySend(ReadOnlySpan<byte> frame)
        {
            lock (queued)
            {
                if (isClosed) return false;
                queued.Enqueue(frame.ToArray());
                return true;
            }
        }

        public bool Move()
        {
            byte[]? frame;
            lock (queued)
            {
                if (!queued.TryDequeue(out frame)) return false;
            }

            Sink!.Received(frame);
            return true;
        }

        public void Close()
        {
            End();
            Other!.End();
        }

        private void End()
        {
            lock (queued)
            {
                if (isClosed) return;
                isClosed = true;
                queued.Clear();
            }

            Sink!.Closed();
        }
    }
}
