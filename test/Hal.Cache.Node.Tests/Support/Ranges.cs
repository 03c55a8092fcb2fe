using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Node.Tests.Support;

/// <summary>Reads ranges as a peer has them sent.</summary>
internal static class Ranges
{
    /// <summary>The whole range, or why it can't be had.</summary>
    public static async Task<Result<byte[]>> ReadRangeAsync(this IPeerHost host, RangeRequest request)
    {
        var opened = await host.OpenRangeAsync(request, default);
        if (!opened.IsOk) return opened.Error;
        using IRangeReader reader = opened.Value;
        var bytes = new byte[request.Length];
        for (int done = 0; done < bytes.Length;)
        {
            var read = await reader.ReadAsync(bytes.AsMemory(done), default);
            if (!read.IsOk) return read.Error;
            Assert.True(read.Value > 0);
            done += read.Value;
        }

        return bytes;
    }
}
