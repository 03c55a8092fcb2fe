using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Testing.Threads;

namespace Hal.Cache.Origins.Tests.Support;

/// <summary>Another origin, each call of which begins on a thread that is none of the pool's.</summary>
internal sealed class CalledOnOwnThreads(IOrigin inner) : IOrigin
{
    public bool AnswersAtOnce => inner.AnswersAtOnce;

    public async ValueTask<Result<OriginObject>> StatAsync(ReadOnlyMemory<byte> path, CancellationToken cancellation) =>
        await OwnThread.Run(() => inner.StatAsync(path, cancellation).AsTask());

    public async ValueTask<Result<IOriginReader>> OpenAsync(ReadOnlyMemory<byte> path, OriginObject? expected, CancellationToken cancellation)
    {
        var opened = await OwnThread.Run(() => inner.OpenAsync(path, expected, cancellation).AsTask());
        return opened.IsOk ? new Reader(opened.Value) : opened;
    }

    private sealed class Reader(IOriginReader inner) : IOriginReader
    {
        public OriginObject Opened => inner.Opened;

        public bool IsLocal => inner.IsLocal;

        public async ValueTask<Result<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) =>
            await OwnThread.Run(() => inner.ReadAsync(offset, buffer, cancellation).AsTask());

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
