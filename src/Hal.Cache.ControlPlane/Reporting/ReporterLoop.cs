using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>Carries a reporter's messages to a control plane until cancelled, whatever the control plane does.</summary>
public sealed class ReporterLoop(InstanceReporter reporter, IControlPlane plane, TimeProvider time, TimeSpan tick)
{
    /// <summary>Ticks after which a reporter is looked at that had nothing to say: a change that comes in between is told so much later at most.</summary>
    private const int IdleTicks = 5;

    // An answer that takes longer is of no use: the reporter has long sent the message again.
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var sending = new List<Task>();
        using var timer = new PeriodicTimer(tick, time);
        try
        {
            do
            {
                while (reporter.Next() is { } message) sending.Add(SendAsync(message, cancellation));
                sending.RemoveAll(s => s.IsCompleted);
                var next = reporter.Status.IsSettled ? tick * IdleTicks : tick;
                if (timer.Period != next) timer.Period = next;
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException)
        {
            // The instance is being stopped.
        }
        await Task.WhenAll(sending);
    }

    private async Task SendAsync(ReporterMessage message, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(AnswerMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        if (message.Registration is { } registration)
            reporter.Take(message.Id, await GuardAsync(plane.Instances.RegisterAsync(registration, either.Token)));
        else if (message.Heartbeat is { } heartbeat)
            reporter.Take(message.Id, await GuardAsync(plane.Instances.HeartbeatAsync(heartbeat, either.Token)));
        else if (message.Batch is { } batch)
            reporter.Take(message.Id, await GuardAsync(plane.Events.ReportAsync(batch, either.Token)));
        else if (message.Query is { } query)
            reporter.Take(message.Id, await GuardAsync(plane.Events.CompareDigestsAsync(query, either.Token)));
    }

    private static async Task<Result<T>> GuardAsync<T>(Task<Result<T>> call)
    {
        try
        {
            return await call;
        }
        catch (OperationCanceledException)
        {
            return new CacheError(CacheErrorCode.Unavailable, "the control plane did not answer in time");
        }
    }
}
