using System.Net.Sockets;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Testing.Memory;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Peers.Tests;

/// <summary>Bytes that are copied from where a peer says that they lie; its memory is this process's.</summary>
public sealed class PeerMemoryTests : IDisposable
{
    private const int Chunk = IBlobStore.ChunkBytes;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScriptedPeer peer = new();
    private readonly byte[] value = new byte[(3 * Chunk) + 100];
    private readonly SharedFile memory;

    public PeerMemoryTests()
    {
        new Random(3).NextBytes(value);
        memory = new SharedFile(value);
    }

    public void Dispose()
    {
        peer.Dispose();
        memory.Dispose();
    }

    [Fact]
    public void The_memory_of_an_offer_is_found_by_who_comes_straight_from_the_port_that_it_names_and_has_its_token()
    {
        using var memories = Memories();
        byte[] token = Token(1), other = Token(2);
        var word = MemoryOffer.Word(memory, token, 1234);
        var bytes = new byte[100];

        Assert.True(memories.Find("other", word, 1234, token)!.TryRead(SharedFile.Start + 7, bytes));
        Assert.Equal(value[7..107], bytes);
        Assert.Null(memories.Find("other", word, 1235, token)); // something stands between
        Assert.Null(memories.Find("other", word, 1234, other)); // as of another process that has this number
    }

    [Fact]
    public void All_connections_to_a_peer_share_its_memory_until_it_is_another()
    {
        using var memories = Memories();
        using var second = new SharedFile(value);
        var first = memories.Find("other", MemoryOffer.Word(memory, Token(1), 1), 1, Token(1));

        Assert.Same(first, memories.Find("other", MemoryOffer.Word(memory, Token(2), 2), 2, Token(2)));
        Assert.NotSame(first, memories.Find("third", MemoryOffer.Word(memory, Token(2), 2), 2, Token(2)));
        Assert.NotSame(first, memories.Find("other", MemoryOffer.Word(second, Token(3), 3), 3, Token(3)));
        Assert.False(first!.TryRead(0, new byte[1]));
    }

    [Theory]
    [InlineData("something", true)] // a file of another kind: opening it could wait for ever
    [InlineData("hal-cache", false)] // one that could be cut off while it is looked at
    public void What_is_no_sealed_memory_is_not_mapped(string name, bool isSealed)
    {
        using var other = new SharedFile(value, name, isSealed);
        using var memories = Memories();

        Assert.Null(memories.Find("other", MemoryOffer.Word(other, Token(1), 1), 1, Token(1)));
    }

    [Fact]
    public void Nothing_is_found_before_the_beginning_or_behind_the_end()
    {
        using var memories = Memories();
        var found = memories.Find("other", MemoryOffer.Word(memory, Token(1), 1), 1, Token(1))!;
        var bytes = new byte[100];

        Assert.True(found.TryRead(SharedFile.Start + value.Length - 100, bytes));
        Assert.Equal(value[^100..], bytes);
        foreach (var offset in new[] { -1, SharedFile.Start + value.Length - 99, long.MaxValue, long.MinValue })
            Assert.False(found.TryRead(offset, bytes));
    }

    [Fact]
    public void Pages_are_let_go_of_at_their_limit_and_found_again()
    {
        const int most = 16 * Chunk;
        var much = new byte[8 * most];
        new Random(5).NextBytes(much);
        using var large = new SharedFile(much, "hal-cache-large");
        using var memories = new PeerMemories(static () => most, TimeProvider.System);
        var found = memories.Find("other", MemoryOffer.Word(large, Token(1), 1), 1, Token(1))!;
        var bytes = new byte[Chunk];

        for (var offset = 0; offset < much.Length; offset += Chunk)
        {
            Assert.True(found.TryRead(SharedFile.Start + offset, bytes));
            Assert.True(much.AsSpan(offset, Chunk).SequenceEqual(bytes));
            Assert.InRange(ResidentBytes("hal-cache-large"), 1, most + Chunk + (2 << 20)); // the system maps pages beside those that are looked at, too
        }
    }

    [Fact]
    public void Memory_of_a_peer_that_has_ended_is_let_go_of_soon_and_such_that_is_not_used_later()
    {
        var time = new ManualTimeProvider();
        using var memories = new PeerMemories(static () => long.MaxValue, time);
        var gone = new SharedFile(value, "hal-cache-gone");
        using var unused = new SharedFile(value, "hal-cache-kept");
        var lost = memories.Find("gone", MemoryOffer.Word(gone, Token(1), 1), 1, Token(1))!;
        var kept = memories.Find("kept", MemoryOffer.Word(unused, Token(1), 1), 1, Token(1))!;
        Assert.Equal((1, 1), (Mapped("hal-cache-gone"), Mapped("hal-cache-kept")));

        gone.Dispose();
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((0, 1), (Mapped("hal-cache-gone"), Mapped("hal-cache-kept")));
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, Mapped("hal-cache-kept"));

        Assert.True(kept.TryRead(0, new byte[1]));
        Assert.False(lost.TryRead(0, new byte[1]));
    }

    [Fact]
    public async Task What_was_placed_and_is_gone_is_asked_for_again_on_the_connection_whose_answer_was_taken()
    {
        await using var client = Client();
        var places = new Places(4 * Chunk);
        var told = new List<int>();
        var reading = client.ReadAsync(
            "other", new RangeRequest(0, "k"u8.ToArray(), 1, value.Length, 0, 3 * Chunk), new RangeBuffer(places, 0, 3 * Chunk), told.Add, default).AsTask();
        await using var stream = await peer.AcceptAsync(Offering);
        await ScriptedPeer.RequestAsync(stream);
        for (var index = 0; index < 3; index++) await LocateAsync(stream, index * Chunk, Chunk, isFleeting: true);
        await places.Copying.Task.WaitAsync(Patience);

        places.Copied.SetResult(Chunk); // so much was there
        await stream.ReadExactlyAsync(new byte[RangeWire.RequestBytes]).AsTask().WaitAsync(Patience); // all that was to be had is taken
        var request = await ScriptedPeer.RequestAsync(stream).WaitAsync(Patience);
        await ScriptedPeer.SendAsync(stream, value[Chunk..(2 * Chunk)]);
        await ScriptedPeer.SendAsync(stream, value[(2 * Chunk)..(3 * Chunk)]);

        Assert.Null(await reading.WaitAsync(Patience));
        Assert.Equal((3, 2), (places.Placed, places.Begun));
        Assert.Equal((Chunk, 2 * Chunk), ((int)RangeWire.Read(request, []).Offset, RangeWire.Read(request, []).Length));
        Assert.Equal(value[Chunk..(3 * Chunk)], places.Bytes[Chunk..(3 * Chunk)]);
        Assert.Equal([3 * Chunk, Chunk], told.SkipWhile(static bytes => bytes < 3 * Chunk).Take(2));
        Assert.Equal(3 * Chunk, told[^1]);
        Assert.Equal((Chunk, 1L), (client.MemoryBytes, client.MemoryMisses));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_that_fails_or_is_given_up_leaves_nothing_placed_and_tells_of_what_failed(bool isCancelled)
    {
        await using var client = Client();
        using var cancel = new CancellationTokenSource();
        var places = new Places(3 * Chunk);
        var reading = client.ReadAsync(
            "other", new RangeRequest(0, "k"u8.ToArray(), 1, value.Length, 0, 3 * Chunk), new RangeBuffer(places, 0, 3 * Chunk), static _ => { }, cancel.Token).AsTask();
        await using var stream = await peer.AcceptAsync(Offering);
        await ScriptedPeer.RequestAsync(stream);
        await LocateAsync(stream, 0, Chunk, isFleeting: true);
        await LocateAsync(stream, Chunk, Chunk, isFleeting: true);
        await places.Second.Task.WaitAsync(Patience);

        if (isCancelled)
        {
            await cancel.CancelAsync();
        }
        else
        {
            var refusal = new byte[RangeWire.PieceHeaderBytes];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(refusal, RangeWire.LengthOf(CacheErrorCode.Changed));
            await stream.WriteAsync(refusal);
        }

        await places.Copying.Task.WaitAsync(Patience);
        Assert.False(reading.IsCompleted); // the peer keeps what is being copied
        places.Copied.SetResult(Chunk);
        if (isCancelled)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Patience));
        else
            Assert.Equal(CacheErrorCode.Changed, (await reading.WaitAsync(Patience))?.Code);
        Assert.Equal((isCancelled, 0L), (places.IsDropped, client.MemoryMisses));
    }

    [Theory]
    [InlineData("trace")]
    [InlineData("shared=")]
    [InlineData("shared=1.2.3")]
    [InlineData("shared=x.10.1.00")]
    [InlineData("shared=1.10.1.00")]
    [InlineData("shared=1.10.-1.0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("shared=1.10.1.000000000000000000000000000000000000000000000000000000000000000g")]
    [InlineData("shared=1.10.1.0000000000000000000000000000000000000000000000000000000000000000.1")]
    [InlineData("shared=2147483647.10.1.0000000000000000000000000000000000000000000000000000000000000000")] // no such process
    public void Words_that_are_no_offer_find_nothing(string word)
    {
        using var memories = Memories();
        Assert.Null(memories.Find("other", word, 1, Token(1)));
    }

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
        var place = isOther ? new MemoryPiece(Place(Chunk), Chunk, 12345) : new MemoryPiece(1L << 40, Chunk, 12345); // other bytes, or none at all
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
        RangeWire.WriteLocated(header, new MemoryPiece(Place(0), bytes, Crc32C.Append(0, value.AsSpan(0, bytes))));

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
        RangeWire.WriteLocated(header, new MemoryPiece(Place(0), 100, 12345));
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

    private string Offering(int port, byte[] token) => "OK trace " + MemoryOffer.Word(memory, token, port);

    private static byte[] Token(int seed)
    {
        var token = new byte[PeerHandshake.ProofBytes];
        new Random(seed).NextBytes(token);
        return token;
    }

    private PeerClient Client() => new(peer, new PeerOptions { Name = "me", Secret = ScriptedPeer.Secret }, TimeProvider.System);

    private Task<CacheError?> ReadAsync(PeerClient client, byte[] buffer, Action<int>? told = null) =>
        client.ReadAsync("other", new RangeRequest(0, "k"u8.ToArray(), 1, value.Length, 0, buffer.Length), buffer, told ?? (_ => { }), default).AsTask();

    private async Task LocateAsync(NetworkStream stream, int offset, int bytes, bool isFleeting)
    {
        var header = new byte[RangeWire.LocatedHeaderBytes];
        RangeWire.WriteLocated(header, new MemoryPiece(Place(offset), bytes, Crc32C.Append(0, value.AsSpan(offset, bytes)), isFleeting));
        await stream.WriteAsync(header);
    }

    private static int Mapped(string name) => File.ReadLines("/proc/self/maps").Count(line => IsMapping(line, name));

    private static long ResidentBytes(string name)
    {
        var lines = File.ReadLines("/proc/self/smaps").SkipWhile(line => !IsMapping(line, name));
        return long.Parse(lines.First(static line => line.StartsWith("Rss:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) << 10;
    }

    private static bool IsMapping(string line, string name) =>
        line.Contains($"/memfd:{name} ", StringComparison.Ordinal) && line.Contains(" r--s ", StringComparison.Ordinal);

    private static PeerMemories Memories() => new(static () => long.MaxValue, TimeProvider.System);

    private static long Place(int offset) => SharedFile.Start + offset;

    /// <summary>A buffer that takes note of places, of which the test says what becomes of them.</summary>
    private sealed class Places(int bytes) : IRangeMemory
    {
        public byte[] Bytes { get; } = new byte[bytes];

        public int Placed { get; private set; }

        public int Begun { get; private set; }

        public bool IsDropped { get; private set; }

        public TaskCompletionSource Second { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Copying { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<int> Copied { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Memory<byte> At(int offset) => Bytes.AsMemory(offset);

        public void Checked(int offset, int bytes, uint checksum)
        {
        }

        public void Begin() => Begun++;

        public bool TryPlace(int offset, in RemotePiece piece)
        {
            if (++Placed == 2) Second.SetResult();
            return true;
        }

        public void DropPlaced() => IsDropped = true;

        public Task<int> CopyPlacedAsync(TimeSpan patience, TimeProvider time)
        {
            Copying.SetResult();
            return Copied.Task;
        }
    }
}
