using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Hal.Cache.Contracts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Testing.Memory;

/// <summary>Shared memory as a store has it, with bytes of the test's own behind its identity.</summary>
public sealed partial class SharedFile : ISharedMemory, IDisposable
{
    private const uint AllowSealing = 2;
    private const int AddSeals = 1033;
    private const int SizeSeals = 2 | 4;

    private readonly SafeFileHandle file;
    private readonly byte[] identity = RandomNumberGenerator.GetBytes(ISharedMemory.IdentityBytes);

    /// <param name="bytes">What it holds from <see cref="Start"/> on.</param>
    /// <param name="name">The file's name, as the process's descriptors tell it.</param>
    /// <param name="isSealed">Whether its size is fixed.</param>
    public SharedFile(ReadOnlySpan<byte> bytes, string name = "hal-cache", bool isSealed = true)
    {
        file = new SafeFileHandle(MemoryFile(name, AllowSealing), ownsHandle: true);
        RandomAccess.SetLength(file, Start + bytes.Length);
        RandomAccess.Write(file, identity, 0);
        Write(0, bytes);
        if (isSealed && Control(Descriptor, AddSeals, SizeSeals) != 0)
            throw new InvalidOperationException($"fcntl answered {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Where its bytes begin.</summary>
    public const int Start = 4096;

    public int Descriptor => (int)file.DangerousGetHandle();

    public ReadOnlyMemory<byte> Identity => identity;

    /// <summary>What lies somewhere in shared memory of this process, as another one would see it.</summary>
    public static byte[] Read(ISharedMemory? memory, MemoryPiece piece)
    {
        var bytes = new byte[piece.Bytes];
        using var seen = File.OpenHandle(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{memory!.Descriptor}"));
        return RandomAccess.Read(seen, bytes, piece.Offset) == bytes.Length ? bytes : throw new EndOfStreamException();
    }

    /// <summary>Puts other bytes there, counted from <see cref="Start"/>.</summary>
    public void Write(int offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(file, bytes, Start + offset);

    public void Dispose() => file.Dispose();

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);
}
