using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Storage;

namespace Hal.Cache.Silo;

/// <summary>
/// Where a data directory is: the directory itself, as the kernel numbers it, and the machine since it was started. A copy of it, or of the
/// machine, is elsewhere, and an instance there is another one: two of one number would share sessions, and one of them miss invalidations.
/// </summary>
internal static partial class DataPlace
{
    private const string InstanceFile = "hal-instance";
    private const string PlaceFile = "hal-place";
    private const string StartOfMachine = "/proc/sys/kernel/random/boot_id";
    private const int WorkingDirectory = -100;
    private const uint BasicFacts = 0x7FF;

    /// <summary>The number of the instance whose data is here: the one that was kept, or a new one where it was given in another place.</summary>
    public static ulong InstanceOf(string directory)
    {
        Directory.CreateDirectory(directory);
        var here = Here(directory);
        var path = Path.Combine(directory, PlaceFile);
        if (!IsKept(directory, here))
        {
            File.Delete(Path.Combine(directory, InstanceFile)); // before the place is told: a crash between them costs one number more
            File.Delete(path);
        }

        var instance = new DurableCounter(directory, InstanceFile, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)))).Value;
        _ = new DurableCounter(directory, PlaceFile, here);
        return instance;
    }

    private static bool IsKept(string directory, ulong place)
    {
        try
        {
            return File.Exists(Path.Combine(directory, PlaceFile)) && new DurableCounter(directory, PlaceFile).Value == place;
        }
        catch (InvalidDataException)
        {
            return false; // damaged: a new number is always right
        }
    }

    private static ulong Here(string directory)
    {
        var facts = default(Facts);
        var start = "";
        if (OperatingSystem.IsLinux())
        {
            if (StatX(WorkingDirectory, directory, 0, BasicFacts, ref facts) != 0)
                facts = default; // a sandbox that denies the call: a copy on this machine is not told from it, and all else is
            start = File.Exists(StartOfMachine) ? File.ReadAllText(StartOfMachine) : "";
        }

        var place = $"{facts.DeviceMajor} {facts.DeviceMinor} {facts.Inode} {start}";
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(place)));
    }

    // Of the kernel's struct statx, which is laid out alike on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Facts
    {
        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int from, string path, int flags, uint mask, ref Facts facts);
}
