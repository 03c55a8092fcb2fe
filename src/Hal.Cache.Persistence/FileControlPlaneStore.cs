using System.Globalization;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Persistence.Files;

namespace Hal.Cache.Persistence;

/// <summary>Keeps the control plane's records in one journal file of a directory that this process alone may use; the embedded default.</summary>
public sealed class FileControlPlaneStore(string directory) : IControlPlaneStore, IDisposable
{
    /// <summary>Most bytes of live records; over it a put answers NoRoom.</summary>
    public const long LiveBytesMax = 1L << 30;

    private const string JournalName = "control-plane.journal";
    private const string LockName = "control-plane.lock";
    private const int NoSpaceErrno = 28;
    private const int QuotaErrno = 122;

    private readonly SemaphoreSlim gate = new(1, 1);
    private FileStream? held;
    private Journal? journal;
    private long? cutAt;
    private CacheError? broken;
    private bool disposed;

    /// <summary>Bytes of an unacknowledged write that a crash had torn, dropped when the file was opened.</summary>
    public long TornBytes { get; private set; }

    public Task<Result<IReadOnlyList<StoredRecord>>> LoadAllAsync(CancellationToken cancellation) =>
        RunAsync<IReadOnlyList<StoredRecord>>(static j => j.Read((_, _) => true).Select(Record).ToArray(), cancellation);

    public Task<Result<IReadOnlyList<StoredRecord>>> LoadAsync(StoredKind kind, string keyStart, CancellationToken cancellation) =>
        RunAsync<IReadOnlyList<StoredRecord>>(
            j => j.Read((k, key) => k == kind && key.StartsWith(keyStart, StringComparison.Ordinal)).Select(Record).ToArray(), cancellation);

    public Task<Result<long>> PutAsync(StoredKind kind, string key, ReadOnlyMemory<byte> value, long replaces, CancellationToken cancellation) =>
        RecordRules.Problem(key, value.Length) is { } problem
            ? Task.FromResult<Result<long>>(problem)
            : RunAsync<long>(
                j =>
                {
                    var stored = j.Find(kind, key)?.Version;
                    if ((stored ?? 0) != replaces) return RecordRules.Changed(kind, key, replaces, stored);
                    if (j.LiveBytes + value.Length > LiveBytesMax) return new CacheError(CacheErrorCode.NoRoom, $"the control plane's records have reached {LiveBytesMax} bytes");
                    return j.Put(kind, key, value);
                },
                cancellation);

    public Task<Result<Done>> DeleteAsync(StoredKind kind, string key, long version, CancellationToken cancellation) =>
        RunAsync<Done>(
            j =>
            {
                if (j.Find(kind, key) is not { } stored) return Done.Value;
                if (stored.Version != version) return RecordRules.Changed(kind, key, version, stored.Version);
                j.Delete(kind, key);
                return Done.Value;
            },
            cancellation);

    public void Dispose()
    {
        if (disposed) return;
        gate.Wait(); // what has begun ends first
        disposed = true;
        journal?.Dispose();
        held?.Dispose();
        gate.Dispose();
    }

    private static StoredRecord Record(JournalFrame frame) => new(frame.Kind, frame.Key, frame.Version, frame.Value);

    // On the pool: an fsync blocks, and the caller may be the thread that polls every client's socket.
    private async Task<Result<T>> RunAsync<T>(Func<Journal, Result<T>> work, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return await Task.Run(() => Run(work), CancellationToken.None);
        }
        finally
        {
            gate.Release();
        }
    }

    private Result<T> Run<T>(Func<Journal, Result<T>> work)
    {
        if (broken is { } since) return since;
        try
        {
            if ((journal is null ? Open() : null) is { } refused) return refused;
            return work(journal!);
        }
        catch (JournalDamageException damage)
        {
            return broken = new CacheError(CacheErrorCode.Corrupt, damage.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Failed(failure);
        }
    }

    private CacheError? Open()
    {
        Directory.CreateDirectory(directory);
        if (held is null)
        {
            try
            {
                held = new FileStream(Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(Path.Combine(directory, LockName)))
            {
                return new CacheError(CacheErrorCode.Conflict, $"{directory} is in use by another control plane");
            }
            held.SetLength(0);
            held.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            held.Flush();
        }
        journal = Journal.Open(Path.Combine(directory, JournalName), cutAt);
        cutAt = null;
        TornBytes = journal.TornBytes;
        return null;
    }

    // What the file holds is not known after a failed write that could not be taken back: it is taken back, and the file read anew, by the next call.
    private CacheError Failed(Exception failure)
    {
        cutAt = journal is null ? cutAt : journal.CutAt;
        journal?.Dispose();
        journal = null;
        var code = failure.HResult is NoSpaceErrno or QuotaErrno ? CacheErrorCode.NoRoom : CacheErrorCode.Unavailable;
        return new CacheError(code, $"the control plane's file in {directory} failed: {failure.Message}");
    }
}
