using System.Buffers.Binary;
using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage;

/// <summary>
/// A number in a file of its own that only rises: each value is durable before it is given out. Throws <see cref="IOException"/> where it
/// can't be written, and <see cref="InvalidDataException"/> where the file is damaged.
/// </summary>
public sealed class DurableCounter
{
    private const int FileBytes = sizeof(ulong) + sizeof(uint);

    private readonly Lock gate = new();
    private readonly string path;

    /// <summary>Opens, or makes with <paramref name="first"/>, the counter of that name in a directory, which is made where it is missing.</summary>
    public DurableCounter(string directory, string name, ulong first = 0)
    {
        Directory.CreateDirectory(directory);
        path = Path.Combine(directory, name);
        if (File.Exists(path))
        {
            Value = Read(path);
            return;
        }

        Value = first;
        Write(first);
    }

    /// <summary>The value given last.</summary>
    public ulong Value { get; private set; }

    /// <summary>The next value, one above the last.</summary>
    public ulong Next()
    {
        lock (gate)
        {
            Write(Value + 1);
            return ++Value;
        }
    }

    private static ulong Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length != FileBytes || Crc32C.Append(0, bytes.AsSpan(0, sizeof(ulong))) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(sizeof(ulong))))
            throw new InvalidDataException($"{path} is damaged.");
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    // Whole or not at all: a new file, made durable, takes the old one's name.
    private void Write(ulong value)
    {
        var bytes = new byte[FileBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(sizeof(ulong)), Crc32C.Append(0, bytes.AsSpan(0, sizeof(ulong))));
        string fresh = path + ".new";
        using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite: true);
        Posix.SyncDirectory(Path.GetDirectoryName(path)!);
    }
}
