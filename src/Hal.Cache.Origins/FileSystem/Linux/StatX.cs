using System.Runtime.InteropServices;

namespace Hal.Cache.Origins.FileSystem.Linux;

/// <summary>The fields that are used of the kernel's <c>struct statx</c>, which is laid out alike on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct StatX
{
    [FieldOffset(16)]
    public uint Links;

    [FieldOffset(28)]
    public ushort Mode;

    [FieldOffset(32)]
    public ulong Inode;

    [FieldOffset(40)]
    public long Size;

    [FieldOffset(96)]
    public long ChangedSeconds;

    [FieldOffset(104)]
    public uint ChangedNanoseconds;

    [FieldOffset(112)]
    public long ModifiedSeconds;

    [FieldOffset(120)]
    public uint ModifiedNanoseconds;

    [FieldOffset(136)]
    public uint DeviceMajor;

    [FieldOffset(140)]
    public uint DeviceMinor;

    private const int TypeMask = 0xF000;

    public readonly bool IsFile => (Mode & TypeMask) == 0x8000;

    public readonly bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public readonly DateTimeOffset Changed => Time(ChangedSeconds, ChangedNanoseconds);

    public readonly DateTimeOffset Modified => Time(ModifiedSeconds, ModifiedNanoseconds);

    private static DateTimeOffset Time(long seconds, uint nanoseconds) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, -62_135_596_800, 253_402_300_798)).AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
}
