using System.Threading.Channels;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Orleans.Streams;

namespace Hal.Cache.ControlPlane.Orleans.Streams;

/// <summary>What a stream brings, up to a number of events; those beyond are left out, which the reader sees by their positions.</summary>
internal sealed class StreamInbox(Func<IAsyncStream<StreamItem>> stream, int itemsMax, TimeProvider time) : IAsyncObserver<StreamItem>, IAsyncDisposable
{
    private readonly Channel<StreamItem> items = Channel.CreateBounded<StreamItem>(
        new BoundedChannelOptions(itemsMax) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private StreamSubscriptionHandle<StreamItem>? handle;
    private bool isSuspect;

    /// <summary>Subscribes, or does so anew where the stream has left something out; false where it can't.</summary>
    public async Task<bool> OpenAsync()
    {
        if (handle is not null && !isSuspect) return true;
        await DisposeAsync();
        try
        {
            handle = await stream().SubscribeAsync(this);
            isSuspect = false;
            return true;
        }
        catch (Exception failure) when (GrainCalls.IsLoss(failure))
        {
            return false;
        }
    }

    /// <summary>The subscription may be lost.</summary>
    public void Suspect() => isSuspect = true;

    /// <summary>The next event; null where none came for so long, or where the reader has had enough.</summary>
    public async Task<StreamItem?> NextAsync(TimeSpan limit, CancellationToken cancellation)
    {
        if (items.Reader.TryRead(out var ready)) return ready;
        using var quiet = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(quiet.Token, cancellation);
        try
        {
            return await items.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public Task OnNextAsync(StreamItem item, StreamSequenceToken? token = null)
    {
        items.Writer.TryWrite(item);
        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex)
    {
        isSuspect = true;
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (handle is not { } ending) return;
        handle = null;
        try
        {
            await ending.UnsubscribeAsync();
        }
        catch (Exception failure) when (GrainCalls.IsLoss(failure))
        {
            // Whoever kept the subscription is gone.
        }
    }
}
