using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Bounds the memory that bodies take: few large ones at a time, each up to its endpoint's limit.</summary>
internal sealed class LargeBodies : IDisposable
{
    private readonly SemaphoreSlim free = new(HttpLimits.LargeBodiesMax);

    /// <summary>True with a lease, null for a body that is small; false where too many are being read.</summary>
    public bool TryEnter(HttpRequest request, out IDisposable? lease)
    {
        lease = null;
        if (request.ContentLength <= HttpLimits.BodyBytesMax) return true;
        if (!free.Wait(0)) return false;
        lease = new Lease(free);
        return true;
    }

    public void Dispose() => free.Dispose();

    private sealed class Lease(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
