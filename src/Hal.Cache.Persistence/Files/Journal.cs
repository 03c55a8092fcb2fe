using Hal.Cache.Contracts.ControlPlane;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Persistence.Files;

/// <summary>
/// An append-only file of changes, each durable before its call ends; rewritten without what is superseded when that has become most of
/// it. Not thread-safe; throws <see cref="IOException"/> and <see cref="JournalDamageException"/>.
/// </summary>
internal sealed class Journal : IDisposable
{
    private const long SlackBytes = 1 << 20;
    private const int SupersededFactor = 4;
    private static readonly byte[] Magic = "HALPLAN1"u8.ToArray(); // the last character is the format's version

    private readonly string path;
    private readonly Dictionary<(StoredKind Kind, string Key), JournalPlace> places = [];
    private SafeFileHandle file;
    private long end;
    private long liveBytes;
    private long version;

    private Journal(string path, SafeFileHandle file) => (this.path, this.file) = (path, file);

    /// <summary>Bytes of a torn write that opening has dropped: they were never acknowledged.</summary>
    public long TornBytes { get; private set; }

    /// <summary>Bytes of all newest frames.</summary>
    public long LiveBytes => liveBytes;

    public long FileBytes => end;

    /// <summary>Where the file has to be cut before it is read anew; null but where what stands there was answered as a failure and could not be taken back.</summary>
    public long? CutAt { get; private set; }

    /// <param name="cutAt">What the journal of before has as <see cref="CutAt"/>.</param>
    public static Journal Open(string path, long? cutAt = null)
    {
        File.Delete(Temporary(path)); // a rewrite that a crash cut off
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        var journal = new Journal(path, file);
        try
        {
            if (cutAt is { } at) journal.Cut(at);
            journal.Recover();
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    public JournalPlace? Find(StoredKind kind, string key) => places.TryGetValue((kind, key), out var place) ? place : null;

    /// <summary>Reads the live records that are wanted.</summary>
    public IEnumerable<JournalFrame> Read(Func<StoredKind, string, bool> isWanted) => places.Where(p => isWanted(p.Key.Kind, p.Key.Key)).Select(p => Read(p.Value));

    public long Put(StoredKind kind, string key, ReadOnlyMemory<byte> value)
    {
        CompactWhereWorthIt();
        var frame = new JournalFrame(FrameKind.Put, version + 1, kind, key, value);
        Apply(frame, Append(frame));
        return frame.Version;
    }

    public void Delete(StoredKind kind, string key)
    {
        CompactWhereWorthIt();
        var frame = new JournalFrame(FrameKind.Delete, version + 1, kind, key, default);
        Apply(frame, Append(frame));
    }

    public void Dispose() => file.Dispose();

    private string Directory => Path.GetDirectoryName(path)!;

    private static string Temporary(string path) => path + ".new";

    private void Recover()
    {
        var length = RandomAccess.GetLength(file);
        if (length < Magic.Length)
        {
            // Nothing was acknowledged before the header was durable.
            TornBytes = length;
            RandomAccess.Write(file, Magic, 0);
            RandomAccess.SetLength(file, Magic.Length);
            RandomAccess.FlushToDisk(file);
            DirectorySync.Sync(Directory);
            end = Magic.Length;
            return;
        }
        DirectorySync.Sync(Directory); // a rewrite's rename may not be durable yet
        if (!ReadBytes(0, Magic.Length).Span.SequenceEqual(Magic)) throw new JournalDamageException($"{path} is not a control plane's journal of this version");
        end = Magic.Length;
        while (Next(length) is { } frame)
        {
            Apply(frame.Frame, new JournalPlace(frame.Frame.Version, end, frame.Bytes));
            end += frame.Bytes;
        }
        TornBytes = length - end;
        if (TornBytes == 0) return;
        RandomAccess.SetLength(file, end);
        RandomAccess.FlushToDisk(file);
    }

    // The frame at the end so far; null at the file's end, or where the rest is a write that a crash cut off.
    private (JournalFrame Frame, int Bytes)? Next(long length)
    {
        var left = length - end;
        if (left < JournalFrame.HeaderBytes) return null;
        var body = JournalFrame.BodyLength(ReadBytes(end, JournalFrame.HeaderBytes).Span);
        if (body < 0)
        {
            // A file may have grown before its bytes came: zeros. Other bytes were there once.
            return IsZero(end, length) ? null : throw Damaged();
        }
        var bytes = JournalFrame.HeaderBytes + body + JournalFrame.TrailerBytes;
        if (bytes > left) return null;
        if (JournalFrame.Decode(ReadBytes(end + JournalFrame.HeaderBytes, body + JournalFrame.TrailerBytes)) is { } frame) return (frame, bytes);
        return bytes == left || IsZero(end + bytes, length) ? null : throw Damaged();
    }

    private JournalDamageException Damaged() => new($"{path} is damaged at byte {end}, with more after it; restore it, or remove it to begin anew");

    private bool IsZero(long from, long to)
    {
        for (; from < to; from += 4096)
        {
            if (ReadBytes(from, (int)Math.Min(4096, to - from)).Span.ContainsAnyExcept((byte)0)) return false;
        }
        return true;
    }

    private void Apply(in JournalFrame frame, in JournalPlace place)
    {
        version = Math.Max(version, frame.Version);
        if (frame.Frame == FrameKind.Counter) return;
        if (places.Remove((frame.Kind, frame.Key), out var old)) liveBytes -= old.FrameBytes;
        if (frame.Frame == FrameKind.Delete) return;
        places[(frame.Kind, frame.Key)] = place;
        liveBytes += place.FrameBytes;
    }

    private JournalPlace Append(in JournalFrame frame)
    {
        var bytes = frame.Encode();
        try
        {
            RandomAccess.Write(file, bytes, end);
            RandomAccess.FlushToDisk(file);
        }
        catch (Exception failure) when (IsDisks(failure))
        {
            // What did not become durable must not come back after a restart either, nor stand before the next frame.
            CutAt = end;
            Cut(end);
            CutAt = null;
            throw;
        }
        var place = new JournalPlace(frame.Version, end, bytes.Length);
        end += bytes.Length;
        return place;
    }

    private void Cut(long length)
    {
        if (RandomAccess.GetLength(file) > length) RandomAccess.SetLength(file, length);
        RandomAccess.FlushToDisk(file);
    }

    // Before a change and not after it: what fails here is then not the answer to a change that is there.
    private void CompactWhereWorthIt()
    {
        if (end <= SlackBytes + (SupersededFactor * liveBytes)) return;
        SafeFileHandle? next = null;
        try
        {
            next = File.OpenHandle(Temporary(path), FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
            var moved = CopyLive(next, out var length);
            RandomAccess.FlushToDisk(next);
            File.Move(Temporary(path), path, overwrite: true);
            (file, next) = (next, file);
            foreach (var (key, place) in moved) places[key] = place;
            end = length;
        }
        catch (Exception failure) when (IsDisks(failure))
        {
            return; // the journal as it is still holds everything; the next change tries again
        }
        finally
        {
            next?.Dispose();
        }
        DirectorySync.Sync(Directory); // before anything is acknowledged that only the new file has
    }

    private static bool IsDisks(Exception failure) => failure is IOException or UnauthorizedAccessException;

    private List<KeyValuePair<(StoredKind, string), JournalPlace>> CopyLive(SafeFileHandle next, out long length)
    {
        var moved = new List<KeyValuePair<(StoredKind, string), JournalPlace>>(places.Count);
        RandomAccess.Write(next, Magic, 0);
        var counter = new JournalFrame(FrameKind.Counter, version, default, "", default).Encode();
        RandomAccess.Write(next, counter, Magic.Length);
        length = Magic.Length + counter.Length;
        foreach (var (key, place) in places.OrderBy(p => p.Value.Offset))
        {
            RandomAccess.Write(next, ReadBytes(place.Offset, place.FrameBytes).Span, length);
            moved.Add(new(key, place with { Offset = length }));
            length += place.FrameBytes;
        }
        return moved;
    }

    private JournalFrame Read(JournalPlace place) =>
        JournalFrame.Decode(ReadBytes(place.Offset + JournalFrame.HeaderBytes, place.FrameBytes - JournalFrame.HeaderBytes))
        ?? throw new JournalDamageException($"{path} is damaged at byte {place.Offset}");

    private ReadOnlyMemory<byte> ReadBytes(long offset, int count)
    {
        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(done), offset + done);
            if (read == 0) throw new IOException($"{path} ended at byte {offset + done}");
            done += read;
        }
        return bytes;
    }
}
