using System.Buffers.Binary;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage;

/// <summary>The list of instances that began sessions with this authority, in a file: 8 bytes and their checksum for each.</summary>
public sealed class HolderLog : IHolderLog
{
    private const int RecordBytes = sizeof(ulong) + sizeof(uint);

    private readonly Lock gate = new();
    private readonly string path;
    private readonly HashSet<ulong> present = []; // those that were added by this process
    private HashSet<ulong> known = [];

    /// <summary>Opens, or makes, the list in a directory. A record at its end that is not whole was never acknowledged; it is written over.</summary>
    public HolderLog(string directory)
    {
        Directory.CreateDirectory(directory);
        path = Path.Combine(directory, "hal-holders");
        byte[] bytes = File.Exists(path) ? File.ReadAllBytes(path) : [];
        for (int at = 0; at + RecordBytes <= bytes.Length; at += RecordBytes)
        {
            ReadOnlySpan<byte> record = bytes.AsSpan(at, RecordBytes);
            if (Crc32C.Append(0, record[..sizeof(ulong)]) != BinaryPrimitives.ReadUInt32LittleEndian(record[sizeof(ulong)..]))
            {
                IsDamaged = true;
                break;
            }

            known.Add(BinaryPrimitives.ReadUInt64LittleEndian(record));
        }

        Known = IsDamaged ? null : [.. known];
    }

    public IReadOnlyCollection<ulong>? Known { get; }

    /// <summary>Whether records could not be read, so that nobody knows whom to wait for.</summary>
    public bool IsDamaged { get; }

    public bool TryAdd(ulong instance)
    {
        lock (gate)
        {
            if (!known.Contains(instance))
            {
                try
                {
                    using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
                    file.Position = (long)known.Count * RecordBytes;
                    Write(file, instance);
                    file.Flush(flushToDisk: true);
                    Posix.SyncDirectory(Path.GetDirectoryName(path)!);
                }
                catch (IOException)
                {
                    return false;
                }

                known.Add(instance);
            }

            present.Add(instance);
            return true;
        }
    }

    public void ForgetEarlier()
    {
        lock (gate)
        {
            if (present.Count == known.Count && !IsDamaged)
                return;
            string fresh = path + ".new";
            try
            {
                // Whole or not at all: a new file, made durable, takes the old one's name.
                using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write, FileShare.None))
                {
                    foreach (ulong instance in present)
                        Write(file, instance);
                    file.Flush(flushToDisk: true);
                }

                File.Move(fresh, path, overwrite: true);
                Posix.SyncDirectory(Path.GetDirectoryName(path)!);
            }
            catch (IOException)
            {
                return;
            }

            known = [.. present];
        }
    }

    private static void Write(FileStream file, ulong instance)
    {
        Span<byte> record = stackalloc byte[RecordBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(record, instance);
        BinaryPrimitives.WriteUInt32LittleEndian(record[sizeof(ulong)..], Crc32C.Append(0, record[..sizeof(ulong)]));
        file.Write(record);
    }
}
