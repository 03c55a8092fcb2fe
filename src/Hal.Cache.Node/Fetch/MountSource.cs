using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Node.Fetch;

/// <summary>One version of an origin's object.</summary>
internal sealed class MountSource(MountState mount, int database, byte[] key, OriginObject version, FetchPipeline pipeline) : ObjectSource(database, key)
{
    public override SemaphoreSlim Reads => mount.Reads;

    public override bool AnswersAtOnce => mount.Origin.AnswersAtOnce;

    public override bool? Spills => mount.Mount.Spills;

    public override async ValueTask<Result<IObjectReader>> OpenAsync(CancellationToken cancellation)
    {
        Result<IOriginReader> opened = await mount.Origin.OpenAsync(mount.Mount.PathOf(Key), version, cancellation);
        return opened.IsOk ? new Reader(opened.Value, mount.Mount, pipeline) : opened.Error;
    }

    public override void Failed(CacheError error) => pipeline.Count(error);

    private sealed class Reader(IOriginReader reader, OriginMount mount, FetchPipeline pipeline) : IObjectReader
    {
        public bool FillsParts => reader.IsLocal;

        public async ValueTask<CacheError?> FillAsync(long offset, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation)
        {
            using Activity? span = NodeSpans.Origin("origin read", mount)?.SetTag(SpanTags.Offset, offset).SetTag(SpanTags.Bytes, buffer.Length);
            // Short reads are made on this thread: who got the first bytes, which were as short, sends them before it goes on.
            if (buffer.Length > buffer.At(0).Length)
                await Task.Yield();
            for (int done = 0; done < buffer.Length;)
            {
                Memory<byte> part = buffer.At(done);
                if (await pipeline.FillAsync(reader, offset + done, part, cancellation) is { } error)
                {
                    span.Ended(error);
                    return error;
                }

                done += part.Length;
            }

            filled(buffer.Length);
            return null;
        }

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }
}
