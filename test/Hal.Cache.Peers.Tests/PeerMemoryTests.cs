using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Peers.Tests;

/// <summary>Bytes that are copied from where a peer says that they lie; the peer is this process.</summary>
public sealed class PeerMemoryTests : IDisposable
{
    private const int Chunk = IBlobStore.ChunkBytes;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScriptedPeer peer = new();
    private readonly MemoryOffer offer = new();
    private readonly byte[] value = GC.AllocateArray<byte>((3 * Chunk) + 100, pinned: true);

    public PeerMemoryTests() => new Random(3).NextBytes(value);

    public void Dispose() => peer.Dispose();

    [Fact]
    public void The_memory_of_an_offer_is_found_by_who_comes_straight_from_the_port_that_it_names_and_expects_its_token()
    {
        var offer = new MemoryOffer();
        byte[] token = Token(1), other = Token(2);
        var word = offer.Word(token, 1234);

        Assert.NotNull(PeerMemory.Find(word, 1234, token));
        Assert.Null(PeerMemory.Find(word, 1235, token)); // something stands between
        Assert.Null(PeerMemory.Find(word, 1234, other)); // as of another process that has this number
    }

    [Fact]
    public void Offers_beyond_their_limit_overwrite_the_oldest_which_is_not_found_any_more()
    {
        var offer = new MemoryOffer();
        var words = Enumerable.Range(0, 300).Select(seed => offer.Word(Token(seed), 1)).ToArray();

        Assert.Null(PeerMemory.Find(words[0], 1, Token(0)));
        Assert.NotNull(PeerMemory.Find(words[299], 1, Token(299)));
        Assert.NotNull(PeerMemory.Find(words[299 - 255], 1, Token(299 - 255)));
    }

    [Theory]
    [InlineData("trace")]
    [InlineData("memory=")]
    [InlineData("memory=1.2")]
    [InlineData("memory=x.10.1")]
    [InlineData("memory=1.zz.1")]
    [InlineData("memory=1.10.-1")]
    [InlineData("memory=1.10.1.1")]
    [InlineData("memory=2147483647.10.1")] // no such process
    public void Words_that_are_no_offer_find_nothing(string word) => Assert.Null(PeerMemory.Find(word, 1, Token(1)));

    [Theory]
    [InlineData("127.0.0.1:5", "127.0.0.1:6", true)]
    [InlineData("[::1]:5", "[::1]:6", true)]
    [InlineData("10.0.0.2:5", "10.0.0.1:6", false)]
    public void Memory_is_offered_to_who_comes_from_this_machine(string remote, string local, bool isPossible) =>
        Assert.Equal(isPossible, MemoryOffer.IsPossible(System.Net.IPEndPoint.Parse(remote), System.Net.IPEndPoint.Parse(local)));

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

    [Theory]
    [InlineData(0)]
    [InlineData(Chunk + 1)]
    public async Task A_piece_of_an_impossible_length_breaks_the_read(int bytes)
    {
        await using var client = Client();
        var reading = ReadAsync(client, new byte[2 * Chunk]);
        await using var stream = await peer.AcceptAsync(Offering);
        await ScriptedPeer.RequestAsync(stream);
        var header = new byte[RangeWire.LocatedHeaderBytes];
        RangeWire.WriteLocated(header, new MemoryPiece(Address(0), bytes, Crc32C.Append(0, value.AsSpan(0, bytes))));

        await stream.WriteAsync(header);

        Assert.Equal(CacheErrorCode.Unavailable, (await reading.WaitAsync(Patience))?.Code);
        Assert.Equal(0, client.MemoryBytes);
    }

    [Fact]
    public async Task A_peer_that_lost_bytes_sends_them_for_a_while()
    {
        var time = new ManualTimeProvider();
        await using var client = new PeerClient(peer, new PeerOptions { Name = "me", Secret = ScriptedPeer.Secret }, time);
        var buffer = new byte[100];
        var reading = ReadAsync(client, buffer);
        await using var first = await peer.AcceptAsync(Offering);
        await ScriptedPeer.RequestAsync(first);
        var header = new byte[RangeWire.LocatedHeaderBytes];
        RangeWire.WriteLocated(header, new MemoryPiece(Address(0), 100, 12345));
        await first.WriteAsync(header);
        await using var stream = await peer.AcceptAsync(Offering).WaitAsync(Patience);
        foreach (var isLocated in new[] { false, false, true })
        {
            Assert.Equal(isLocated, RangeWire.IsLocated(await ScriptedPeer.RequestAsync(stream).WaitAsync(Patience)));
            await ScriptedPeer.SendAsync(stream, value[..100]);
            Assert.Null(await reading.WaitAsync(Patience));
            time.Advance(TimeSpan.FromMilliseconds(600));
            reading = isLocated ? reading : ReadAsync(client, buffer);
        }

        Assert.Equal(1, client.MemoryMisses);
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

    private string Offering(int port, byte[] token) => "OK trace " + offer.Word(token, port);

    private static byte[] Token(int seed)
    {
        var token = new byte[MemoryOffer.TokenBytes];
        new Random(seed).NextBytes(token);
        return token;
    }

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
