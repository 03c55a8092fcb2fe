using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Peers.Tests;

/// <summary>Bytes that are copied from where a peer says that they lie; the peer is this process.</summary>
public sealed class PeerMemoryTests : IDisposable
{
    private const int Chunk = IBlobStore.ChunkBytes;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScriptedPeer peer = new();
    private readonly byte[] value = GC.AllocateArray<byte>((3 * Chunk) + 100, pinned: true);

    public PeerMemoryTests() => new Random(3).NextBytes(value);

    public void Dispose() => peer.Dispose();

    [Fact]
    public void The_memory_of_an_offer_is_found_by_who_comes_straight_from_the_port_that_it_names()
    {
        var word = MemoryOffer.Word(1234);

        Assert.NotNull(PeerMemory.Find(word, 1234));
        Assert.Null(PeerMemory.Find(word, 1235)); // something stands between
    }

    [Theory]
    [InlineData("trace")]
    [InlineData("memory=")]
    [InlineData("memory=1.2.3")]
    [InlineData("memory=x.10.00112233445566778899AABBCCDDEEFF.1")]
    [InlineData("memory=1.zz.00112233445566778899AABBCCDDEEFF.1")]
    [InlineData("memory=1.10.00112233445566778899AABBCCDDEEGG.1")]
    [InlineData("memory=1.10.0011.1")]
    [InlineData("memory=1.10.00112233445566778899AABBCCDDEEFF.-1")]
    public void Words_that_are_no_offer_find_nothing(string word) => Assert.Null(PeerMemory.Find(word, 1));

    [Fact]
    public void A_token_that_is_not_there_or_a_process_that_is_not_finds_nothing()
    {
        var parts = MemoryOffer.Word(1)["memory=".Length..].Split('.');
        var other = new string('A', parts[2].Length);

        Assert.Null(PeerMemory.Find($"memory={parts[0]}.{parts[1]}.{other}.1", 1)); // as of another process with this number
        Assert.Null(PeerMemory.Find($"memory={parts[0]}.0.{parts[2]}.1", 1));
        Assert.Null(PeerMemory.Find($"memory={int.MaxValue}.{parts[1]}.{parts[2]}.1", 1));
    }

    [Fact]
    public async Task Pieces_are_copied_or_received_as_they_come_and_fleeting_ones_are_said_to_be_taken()
    {
        await using var client = Client();
        var told = new List<int>();
        var buffer = new byte[value.Length];
        var reading = ReadAsync(client, buffer, told.Add);
        await using var stream = await peer.AcceptAsync(Offering);
        Assert.True(RangeWire.IsLocated(await ScriptedPeer.RequestAsync(stream)));
        await LocateAsync(stream, 0, Chunk, isFleeting: false);
        await stream.WriteAsync(new byte[RangeWire.PieceHeaderBytes]); // a sign of life
        await ScriptedPeer.SendAsync(stream, value[Chunk..(Chunk + 1000)]);
        await LocateAsync(stream, Chunk + 1000, Chunk - 1000, isFleeting: true);
        await LocateAsync(stream, 2 * Chunk, Chunk, isFleeting: false);
        await ScriptedPeer.SendAsync(stream, value[(3 * Chunk)..]);

        Assert.Null(await reading.WaitAsync(Patience));
        var taken = new byte[RangeWire.RequestBytes];
        await stream.ReadExactlyAsync(taken).AsTask().WaitAsync(Patience);

        Assert.Equal(value, buffer);
        Assert.Equal(told.Order(), told);
        Assert.Equal((Chunk, value.Length), (told[0], told[^1]));
        Assert.True(RangeWire.IsTaken(taken));
        Assert.Equal(((3L * Chunk) - 1000, 0L), (client.MemoryBytes, client.MemoryMisses));
    }

    [Fact]
    public async Task The_same_connection_is_used_again_and_what_stays_where_it_lies_is_not_said_to_be_taken()
    {
        await using var client = Client();
        var buffer = new byte[Chunk];
        var reading = ReadAsync(client, buffer);
        await using var stream = await peer.AcceptAsync(Offering);
        for (var round = 0; round < 3; round++)
        {
            Assert.True(RangeWire.IsLocated(await ScriptedPeer.RequestAsync(stream).WaitAsync(Patience)));
            await LocateAsync(stream, round * 10, Chunk, isFleeting: false);
            Assert.Null(await reading.WaitAsync(Patience));
            Assert.Equal(value[(round * 10)..(Chunk + (round * 10))], buffer);
            reading = round < 2 ? ReadAsync(client, buffer) : reading;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_not_there_any_more_is_asked_for_again_and_sent(bool isOther)
    {
        await using var client = Client();
        var buffer = new byte[2 * Chunk];
        var reading = ReadAsync(client, buffer);
        await using var stream = await peer.AcceptAsync(Offering);
        await ScriptedPeer.RequestAsync(stream);
        await LocateAsync(stream, 0, Chunk, isFleeting: false);
        var header = new byte[RangeWire.LocatedHeaderBytes];
        var place = isOther ? new MemoryPiece(Address(Chunk), Chunk, 12345) : new MemoryPiece(4096, Chunk, 12345); // other bytes, or none at all
        RangeWire.WriteLocated(header, place);
        await stream.WriteAsync(header);

        await using var second = await peer.AcceptAsync(Offering).WaitAsync(Patience);
        var request = await ScriptedPeer.RequestAsync(second).WaitAsync(Patience);
        await ScriptedPeer.SendAsync(second, value[Chunk..(2 * Chunk)]);

        Assert.Null(await reading.WaitAsync(Patience));
        Assert.Equal(value[..(2 * Chunk)], buffer);
        Assert.False(RangeWire.IsLocated(request));
        Assert.Equal(new RangeRequest(0, default, 1, value.Length, Chunk, Chunk), RangeWire.Read(request, []) with { Key = default });
        Assert.Equal((Chunk, 1L), (client.MemoryBytes, client.MemoryMisses));
    }

    [Fact]
    public async Task Bytes_are_sent_where_they_are_not_to_be_shared()
    {
        await using var client = new PeerClient(peer, new PeerOptions { Name = "me", Secret = ScriptedPeer.Secret, SharesMemory = false }, TimeProvider.System);
        var buffer = new byte[100];
        var reading = ReadAsync(client, buffer);
        await using var stream = await peer.AcceptAsync(Offering);

        var request = await ScriptedPeer.RequestAsync(stream);
        await ScriptedPeer.SendAsync(stream, value[..100]);

        Assert.Null(await reading.WaitAsync(Patience));
        Assert.False(RangeWire.IsLocated(request));
    }

    private static string Offering(int port) => "OK trace " + MemoryOffer.Word(port);

    private PeerClient Client() => new(peer, new PeerOptions { Name = "me", Secret = ScriptedPeer.Secret }, TimeProvider.System);

    private Task<CacheError?> ReadAsync(PeerClient client, byte[] buffer, Action<int>? told = null) =>
        client.ReadAsync("other", new RangeRequest(0, "k"u8.ToArray(), 1, value.Length, 0, buffer.Length), buffer, told ?? (_ => { }), default).AsTask();

    private async Task LocateAsync(NetworkStream stream, int offset, int bytes, bool isFleeting)
    {
        var header = new byte[RangeWire.LocatedHeaderBytes];
        RangeWire.WriteLocated(header, new MemoryPiece(Address(offset), bytes, Crc32C.Append(0, value.AsSpan(offset, bytes)), isFleeting));
        await stream.WriteAsync(header);
    }

    private nint Address(int offset) => Marshal.UnsafeAddrOfPinnedArrayElement(value, offset);
}
