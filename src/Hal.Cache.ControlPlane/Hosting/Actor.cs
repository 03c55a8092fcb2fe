namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>One actor's state, served to one caller at a time. What is asked must not call another actor that may call back.</summary>
internal sealed class Actor<T>(T state)
{
    private readonly Lock gate = new();

    public TResult Ask<TResult>(Func<T, TResult> question)
    {
        lock (gate) return question(state);
    }

    public void Tell(Action<T> message)
    {
        lock (gate) message(state);
    }
}
