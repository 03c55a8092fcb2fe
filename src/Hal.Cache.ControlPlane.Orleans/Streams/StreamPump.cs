using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Sharding;
using Orleans.Streams;

namespace Hal.Cache.ControlPlane.Orleans.Streams;

/// <summary>Publishes a tree's events on its stream while somebody wants them. What the stream does not take is left out; readers notice.</summary>
internal sealed class StreamPump(IAsyncStream<StreamItem> stream, IEvents events, TimeProvider time) : IAsyncDisposable
{
    // Readers ask several times in this time.
    private static readonly TimeSpan WantedFor = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource stopping = new();
    private Task pumping = Task.CompletedTask;
    private long wantedAt;

    /// <summary>Goes on, or begins after this place.</summary>
    public void Want(LogPlace newest)
    {
        wantedAt = time.GetTimestamp();
        if (pumping.IsCompleted) pumping = PumpAsync(newest);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await pumping;
        stopping.Dispose();
    }

    private async Task PumpAsync(LogPlace after)
    {
        await foreach (var item in events.SubscribeAsync(new Subscription { AfterPosition = after.Position, LogId = after.LogId }, stopping.Token))
        {
            if (time.GetElapsedTime(wantedAt) > WantedFor) return;
            if (item.Event is null) continue;
            try
            {
                await stream.OnNextAsync(item);
            }
            catch (Exception failure) when (GrainCalls.IsLoss(failure))
            {
                // The queue's silo died; readers take this one from the log.
            }
        }
    }
}
