using System.Diagnostics;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Peers.Tests;

/// <summary>A peer of the protocol's first version or of a later one than ours.</summary>
public sealed class TraceFeatureTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScriptedPeer peer = new();
    private readonly ActivitySource source = new(nameof(TraceFeatureTests));
    private readonly ActivityListener spans = new()
    {
        ShouldListenTo = static from => from.Name == nameof(TraceFeatureTests),
        Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    public TraceFeatureTests() => ActivitySource.AddActivityListener(spans);

    public void Dispose()
    {
        peer.Dispose();
        spans.Dispose();
        source.Dispose();
    }

    [Theory]
    [InlineData("OK", 0)]
    [InlineData("OK trace", TraceFrame.Bytes)]
    [InlineData("OK later trace another", TraceFrame.Bytes)]
    [InlineData("OK tracer", 0)]
    public async Task A_range_is_asked_for_with_a_trace_where_the_peer_takes_one(string accepted, int traceBytes)
    {
        using var span = source.StartActivity("fetch", ActivityKind.Client)!;
        var serving = ServeAsync(accepted, traceBytes);
        await using var client = new PeerClient(peer, new PeerOptions { Name = "me", Secret = ScriptedPeer.Secret }, TimeProvider.System);

        var buffer = new byte[4];
        Assert.Null(await client.ReadAsync("other", new RangeRequest(0, "k"u8.ToArray(), 1, 4, 0, 4), buffer, _ => { }, default).AsTask().WaitAsync(Patience));

        var request = await serving.WaitAsync(Patience);
        Assert.Equal("data"u8.ToArray(), buffer);
        Assert.Equal(traceBytes, RangeWire.TraceBytes(request));
        if (traceBytes > 0) Assert.Equal(span.SpanId, TraceFrame.Read(request.AsSpan()[^traceBytes..]).SpanId);
        Assert.Equal("127.0.0.1", span.GetTagItem(SpanTags.ServerAddress));
    }

    private async Task<byte[]> ServeAsync(string accepted, int traceBytes)
    {
        await using var stream = await peer.AcceptAsync((_, _) => accepted);
        var request = await ScriptedPeer.RequestAsync(stream, traceBytes);
        await ScriptedPeer.SendAsync(stream, "data"u8.ToArray());
        return request;
    }
}
