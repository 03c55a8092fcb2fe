using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Peers.Tests;

public sealed class WireTests
{
    [Fact]
    public void Checksum_is_that_of_the_standard() => Assert.Equal(0xE3069283, Crc32C.Append(0, "123456789"u8)); // RFC 3720's check value

    [Fact]
    public void A_request_is_read_as_it_was_written()
    {
        var request = new RangeRequest(3, "key"u8.ToArray(), 77, 1_000_000, 65_536, 4096);
        var wire = new byte[RangeWire.RequestBytes + 3];

        Assert.Equal(wire.Length, RangeWire.Write(request, wire));

        RangeRequest read = RangeWire.Read(wire, wire[RangeWire.RequestBytes..]);
        Assert.Equal(3, RangeWire.KeyBytes(wire));
        Assert.Equal((3, 77UL, 1_000_000L, 65_536L, 4096), (read.Database, read.Version, read.ObjectLength, read.Offset, read.Length));
        Assert.Equal("key"u8.ToArray(), read.Key.ToArray());
        Assert.True(RangeWire.IsSound(read));
    }

    [Fact]
    public void A_traced_request_has_its_context_behind_the_key_and_any_other_is_as_it_was()
    {
        var request = new RangeRequest(3, "key"u8.ToArray(), 77, 1_000_000, 65_536, 4096);
        var trace = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        byte[] plain = new byte[RangeWire.RequestBytes + 3], traced = new byte[RangeWire.RequestBytes + 3 + TraceFrame.Bytes];

        RangeWire.Write(request, plain);
        Assert.Equal(traced.Length, RangeWire.Write(request, traced, trace));

        Assert.Equal((0, TraceFrame.Bytes), (RangeWire.TraceBytes(plain), RangeWire.TraceBytes(traced)));
        var read = RangeWire.Read(traced, "key"u8.ToArray());
        Assert.Equal((3, 77UL), (read.Database, read.Version));
        Assert.True(RangeWire.IsSound(read));
        var context = TraceFrame.Read(traced.AsSpan()[^TraceFrame.Bytes..]);
        Assert.Equal((trace.TraceId, trace.SpanId, trace.TraceFlags, true), (context.TraceId, context.SpanId, context.TraceFlags, context.IsRemote));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_request_for_what_is_held_is_read_as_one_beside_its_other_bits(bool isHeldOnly)
    {
        var trace = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        var wire = new byte[RangeWire.RequestBytes + 3 + TraceFrame.Bytes];

        RangeWire.Write(new RangeRequest(15, "key"u8.ToArray(), 77, 1_000_000, 65_536, 4096, isHeldOnly), wire, trace, isLocated: true);

        var read = RangeWire.Read(wire, "key"u8.ToArray());
        Assert.Equal((15, isHeldOnly, true, TraceFrame.Bytes), (read.Database, read.IsHeldOnly, RangeWire.IsLocated(wire), RangeWire.TraceBytes(wire)));
        Assert.True(RangeWire.IsSound(read));
    }

    [Fact]
    public void A_context_that_names_nothing_is_none()
    {
        Assert.Equal(default, TraceFrame.Read(new byte[TraceFrame.Bytes]));

        byte[] noSpan = [1, .. new byte[TraceFrame.Bytes - 1]];
        Assert.Equal(default, TraceFrame.Read(noSpan));
    }

    [Theory]
    [InlineData(16, 100L, 0L, 10)]
    [InlineData(0, 100L, -1L, 10)]
    [InlineData(0, 100L, 95L, 10)]
    [InlineData(0, 100L, 0L, 0)]
    [InlineData(0, 0L, 0L, 1)]
    [InlineData(0, long.MaxValue, 0L, 1)]
    [InlineData(0, 100L, long.MaxValue, 10)]
    public void A_request_that_cannot_be_meant_is_refused(int database, long objectLength, long offset, int length) =>
        Assert.False(RangeWire.IsSound(new RangeRequest(database, "k"u8.ToArray(), 1, objectLength, offset, length)));

    [Fact]
    public void Every_error_code_survives_the_wire() =>
        Assert.All(Enum.GetValues<CacheErrorCode>().Where(code => code <= CacheErrorCode.Busy), code => Assert.Equal(code, RangeWire.CodeOf(RangeWire.LengthOf(code))));

    [Fact]
    public void Proofs_depend_on_the_end_the_names_the_nonces_and_the_secret()
    {
        byte[] secret = [1, 2, 3], other = [1, 2, 4], a = PeerHandshake.Nonce(), b = PeerHandshake.Nonce();

        byte[][] proofs =
        [
            PeerHandshake.ClientProof(secret, "x", "y", a, b), PeerHandshake.ServerProof(secret, "x", "y", a, b),
            PeerHandshake.ClientProof(other, "x", "y", a, b), PeerHandshake.ClientProof(secret, "y", "x", a, b),
            PeerHandshake.ClientProof(secret, "xy", "", a, b), PeerHandshake.ClientProof(secret, "x", "y", b, a),
        ];

        Assert.Equal(proofs.Length, proofs.Select(Convert.ToHexString).Distinct().Count());
        Assert.Equal(proofs[0], PeerHandshake.ClientProof(secret, "x", "y", a, b));
    }
}
