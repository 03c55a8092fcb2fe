using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Peers.Tests;

/// <summary>A peer of before, which would fetch what it has not, is not asked for what it holds.</summary>
public sealed class HeldFeatureTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScriptedPeer peer = new();

    public void Dispose() => peer.Dispose();

    [Theory]
    [InlineData("OK trace")]
    [InlineData("OK later held another")]
    public async Task What_is_held_is_asked_for_where_the_peer_knows_the_question(string accepted)
    {
        bool isKnown = accepted.Contains("held", StringComparison.Ordinal);
        var serving = ServeAsync(accepted);
        await using var client = new PeerClient(peer, new PeerOptions { Name = "me", Secret = ScriptedPeer.Secret }, TimeProvider.System);
        var buffer = new byte[4];
        var range = new RangeRequest(0, "k"u8.ToArray(), 1, 4, 0, 4);

        CacheError? held = await client.ReadAsync("other", range with { IsHeldOnly = true }, buffer, _ => { }, default).AsTask().WaitAsync(Patience);
        if (!isKnown)
            Assert.Null(await client.ReadAsync("other", range, buffer, _ => { }, default).AsTask().WaitAsync(Patience)); // on the same connection

        Assert.Equal(isKnown ? null : CacheErrorCode.NotFound, held?.Code);
        Assert.Equal(isKnown, RangeWire.Read(await serving.WaitAsync(Patience), "k"u8.ToArray()).IsHeldOnly);
        Assert.Equal("data"u8.ToArray(), buffer);
    }

    private async Task<byte[]> ServeAsync(string accepted)
    {
        await using var stream = await peer.AcceptAsync((_, _) => accepted);
        var request = await ScriptedPeer.RequestAsync(stream);
        await ScriptedPeer.SendAsync(stream, "data"u8.ToArray());
        return request;
    }
}
