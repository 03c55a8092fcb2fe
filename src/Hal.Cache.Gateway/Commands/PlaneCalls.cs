using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>How a command asks the control plane: without locks, for <see cref="GatewayLimits.PlaneTimeout"/> at most, its refusal as the error.</summary>
internal static class PlaneCalls
{
    public static Outcome AskPlane<T>(this CommandContext c, Func<IControlPlane, CancellationToken, Task<Result<T>>> ask, Action<RespWriter, T> write)
    {
        if (c.Server.Options.Plane is not { } plane) return c.Error("ERR this instance belongs to no tree that has a control plane"u8);
        return c.RunAsync(async context =>
        {
            Result<T> answer = await AskAsync(context, limit => ask(plane, limit));
            if (answer.Error is { } error) context.Error($"ERR {RespErrors.Plain(error.Message)}");
            else write(context.Reply, answer.Value);
        });
    }

    private static async Task<Result<T>> AskAsync<T>(CommandContext context, Func<CancellationToken, Task<Result<T>>> ask)
    {
        using var limit = new CancellationTokenSource(GatewayLimits.PlaneTimeout, context.Server.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.Cancellation);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (!context.Cancellation.IsCancellationRequested)
        {
            return new CacheError(CacheErrorCode.Unavailable, $"the control plane did not answer within {GatewayLimits.PlaneTimeout.TotalSeconds} s");
        }
    }
}
