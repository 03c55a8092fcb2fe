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
}
