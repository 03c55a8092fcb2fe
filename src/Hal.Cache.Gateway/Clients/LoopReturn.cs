using System.Runtime.CompilerServices;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Gateway.Clients;

/// <summary>What one connection awaits to go on on its loop's thread, again and again, behind what waits there.</summary>
internal sealed class LoopReturn(IConnectionLoop loop) : ILoopWork, ICriticalNotifyCompletion
{
    private Action? goOn;

    /// <summary>Never: there are others first.</summary>
    public bool IsCompleted => false;

    public LoopReturn GetAwaiter() => this;

    public void GetResult()
    {
        // Only the thread is another.
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        goOn = continuation;
        loop.Post(this);
    }

    public void Run() => goOn!();
}
