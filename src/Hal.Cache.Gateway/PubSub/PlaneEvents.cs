using System.Text;
using System.Text.Json;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub.Relay;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>
/// The control plane's change events as messages of the channels <c>hal:events</c> and <c>hal:events:INSTANCE</c>: this instance subscribes there while
/// a client here is subscribed to one of them, and takes a stream up where it was lost. Thread-safe.
/// </summary>
internal sealed class PlaneEvents : IAsyncDisposable
{
    private readonly ChannelHub channels;
    private readonly Func<IControlPlane?> plane;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly HashSet<byte[]> wanted = new(ByteKeys.Comparer);
    private Feed? feed;
    private bool ended;

    /// <param name="channels">Who is subscribed here, and gets the messages.</param>
    /// <param name="plane">The control plane, null while there is none.</param>
    /// <param name="time">The clock of waits between attempts.</param>
    public PlaneEvents(ChannelHub channels, Func<IControlPlane?> plane, TimeProvider time)
    {
        (this.channels, this.plane, this.time) = (channels, plane, time);
        channels.Changed += Changed;
    }

    /// <summary>The channel of all instances' events; behind it and a colon, the name of an instance, that one's alone.</summary>
    public static ReadOnlySpan<byte> Channel => "hal:events"u8;

    /// <summary>Whether a channel is one of these.</summary>
    public static bool IsOurs(ReadOnlySpan<byte> name) =>
        name.StartsWith(Channel) && (name.Length == Channel.Length || name[Channel.Length] == (byte)':');

    /// <summary>Completes when the events that follow reach the subscribers here, or after <see cref="RelayLimits.SettleTimeout"/>.</summary>
    public Task ReadyAsync()
    {
        Task started;
        lock (gate) started = plane() is null ? Task.CompletedTask : feed?.Started ?? Task.CompletedTask;
        return started.IsCompleted ? Task.CompletedTask : LimitedAsync();

        async Task LimitedAsync() => await started.WaitAsync(RelayLimits.SettleTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        channels.Changed -= Changed;
        Feed? last;
        lock (gate) (last, feed, ended) = (feed, null, true);
        if (last is not null) await last.DisposeAsync().ConfigureAwait(false);
    }

    private void Changed(SubscriptionKind kind, byte[] name)
    {
        if (kind != SubscriptionKind.Channel || !IsOurs(name)) return;
        lock (gate)
        {
            if (channels.SubscriberCount(kind, name) > 0) wanted.Add(name);
            else wanted.Remove(name);
            if (wanted.Count > 0 && !ended)
            {
                feed ??= new Feed(this);
            }
            else if (feed is { } unwanted)
            {
                feed = null;
                _ = unwanted.DisposeAsync().AsTask();
            }
        }
    }

    /// <summary>One subscription at the control plane, from the first subscriber here to the last.</summary>
    private sealed class Feed : IAsyncDisposable
    {
        /// <summary>Longest pause after a refusal, as a multiple of <see cref="GatewayLimits.EventsRetry"/>.</summary>
        private const int PauseMax = 32;

        private readonly PlaneEvents owner;
        private readonly CancellationTokenSource stop = new();
        private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task loop;
        private Subscription place = new();
        private int pause = 1; // until the next try, in the same unit: doubled while this instance is refused

        public Feed(PlaneEvents owner)
        {
            this.owner = owner;
            loop = Task.Run(RunAsync);
        }

        public Task Started => started.Task;

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await loop.ConfigureAwait(false);
            started.TrySetResult();
            stop.Dispose();
        }

        private async Task RunAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    if (owner.plane() is { } plane)
                    {
                        await foreach (StreamItem item in plane.Events.SubscribeAsync(place, stop.Token).ConfigureAwait(false)) Take(item);
                    }
                }
#pragma warning disable CA1031 // a control plane may be of any kind, and its exceptions with it: no subscriber may be left without events for one
                catch (Exception)
#pragma warning restore CA1031
                {
                    // A stream that breaks is one that has ended: it is taken up where it was.
                }

                await Task.Delay(GatewayLimits.EventsRetry * pause, owner.time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        private void Take(StreamItem item)
        {
            if (stop.IsCancellationRequested) return;
            bool isRefused = item.Notice is { Kind: StreamNoticeKind.Refused };
            if (isRefused && pause > 1)
            {
                pause = Math.Min(pause * 2, PauseMax);
                return; // was told
            }

            pause = isRefused ? 2 : 1;
            if (!isRefused) place = new Subscription { AfterPosition = item.Position, LogId = item.LogId };
            switch (item)
            {
                case { Event: { } change }:
                    byte[] text = JsonSerializer.SerializeToUtf8Bytes(change, ControlPlaneJson.Wire.ChangeEvent);
                    owner.channels.Tell(Channel, text);
                    owner.channels.Tell([.. Channel, (byte)':', .. Encoding.UTF8.GetBytes(change.Instance)], text);
                    break;
                case { Notice.Kind: StreamNoticeKind.Started }:
                    started.TrySetResult();
                    break;
                case { Notice: { } notice }:
                    // Somebody has missed events: whoever follows one instance may be among them.
                    byte[] said = JsonSerializer.SerializeToUtf8Bytes(notice, ControlPlaneJson.Wire.StreamNotice);
                    byte[][] all;
                    lock (owner.gate) all = [.. owner.wanted];
                    foreach (byte[] channel in all) owner.channels.Tell(channel, said);
                    break;
            }
        }
    }
}
