namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Lets changes that wait for I/O come one after the other. No actor is held meanwhile; a change may ask any.</summary>
internal sealed class Turn : IDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);

    public async Task<T> RunAsync<T>(Func<Task<T>> change, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            return await change();
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();
}
