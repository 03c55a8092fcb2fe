using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Hal.Cache.Silo;

/// <summary>Gives every part of Kestrel the one pool, so that its limit holds for the process.</summary>
internal sealed class BlockPoolFactory : IMemoryPoolFactory<byte>, IDisposable
{
    private readonly BlockPool pool = new();

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Shared(pool);

    public void Dispose() => pool.Dispose();

    // Kestrel disposes of what it was given, which must not empty the pool under its neighbours.
    private sealed class Shared(BlockPool pool) : MemoryPool<byte>
    {
        public override int MaxBufferSize => pool.MaxBufferSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => pool.Rent(minBufferSize);

        protected override void Dispose(bool disposing)
        {
        }
    }
}
