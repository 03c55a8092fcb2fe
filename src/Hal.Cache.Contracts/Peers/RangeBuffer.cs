namespace Hal.Cache.Contracts.Peers;

/// <summary>Where a reader puts the bytes of a range: all of some memory, or a part of an <see cref="IRangeMemory"/>.</summary>
public readonly struct RangeBuffer
{
    private readonly Memory<byte> whole;
    private readonly IRangeMemory? memory;
    private readonly int start;

    private RangeBuffer(Memory<byte> whole) => (this.whole, Length) = (whole, whole.Length);

    /// <summary>So many bytes of the memory from <paramref name="start"/> on.</summary>
    public RangeBuffer(IRangeMemory memory, int start, int length) => (this.memory, this.start, Length) = (memory, start, length);

    public int Length { get; }

    public static implicit operator RangeBuffer(Memory<byte> whole) => new(whole);

    public static implicit operator RangeBuffer(byte[] whole) => new(whole.AsMemory());

    /// <summary>What is behind an offset, as far as it lies in one part.</summary>
    public Memory<byte> At(int offset)
    {
        Memory<byte> part = memory == null ? whole[offset..] : memory.At(start + offset);
        return part.Length <= Length - offset ? part : part[..(Length - offset)];
    }

    /// <summary>The buffer without its first bytes.</summary>
    public RangeBuffer From(int offset) => memory == null ? new(whole[offset..]) : new(memory, start + offset, Length - offset);

    /// <summary>Notes the CRC-32C of bytes that are there, before anybody is told that they are.</summary>
    public void Checked(int offset, int bytes, uint checksum) => memory?.Checked(start + offset, bytes, checksum);

    /// <summary>A read begins: what an earlier one has lost comes again.</summary>
    public void Begin() => memory?.Begin();

    /// <summary>Notes where bytes lie that follow, which whoever wants them may copy from now on; false where they are to be copied at once.</summary>
    public bool TryPlace(int offset, in RemotePiece piece) => memory?.TryPlace(start + offset, piece) ?? false;

    /// <summary>Forgets those that nobody has copied yet: the read was given up.</summary>
    public void DropPlaced() => memory?.DropPlaced();

    /// <summary>
    /// Has all of those copied that nobody has copied yet, once who wants them has passed them on, and after this time in any case; completes with the bytes in front of
    /// the first that was gone.
    /// </summary>
    public async Task<int> CopyPlacedAsync(TimeSpan patience, TimeProvider time)
    {
        RangeBuffer whole = this;
        return memory == null ? Length : Math.Clamp((await memory.CopyPlacedAsync(patience, time).ConfigureAwait(false)) - whole.start, 0, whole.Length);
    }
}
