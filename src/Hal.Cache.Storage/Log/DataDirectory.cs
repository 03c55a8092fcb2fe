using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hal.Cache.Contracts;

namespace Hal.Cache.Storage.Log;

/// <summary>A store's directory, held by this process until it is disposed: its format, its identity, its lock.</summary>
internal sealed partial class DataDirectory : IDisposable
{
    public const int Format = 2;
    public const string StoreFileName = "hal-store.json";
    public const string LockFileName = "hal-store.lock";
    private const string LogDirectoryName = "log";

    private const string HolderFileName = "hal-store.pid";

    private readonly FileStream held;
    private StoreFile store;

    private DataDirectory(string path, FileStream held, StoreFile store) => (Path, this.held, this.store) = (path, held, store);

    public string Path { get; }

    public string LogPath => System.IO.Path.Combine(Path, LogDirectoryName);

    public string StoreId => store.Id;

    /// <summary>What checksums of this store begin with, so that no bytes of elsewhere pass for its own.</summary>
    public uint Seed => store.Seed;

    /// <summary>Whether a log was ever made here; one that is not there any more is a loss, not a beginning.</summary>
    public bool HasLog => store.HasLog;

    /// <summary>
    /// Opens or makes a data directory. Errors: Busy when another process holds it, Refused for another format, Corrupt for an
    /// unreadable <see cref="StoreFileName"/>, Unavailable when the directory can't be written.
    /// </summary>
    public static Result<DataDirectory> Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(path);
            var locked = Lock(path);
            if (!locked.IsOk)
                return locked.Error;
            held = locked.Value;
            var store = Load(path);
            if (store.IsOk)
                return new DataDirectory(path, held, store.Value);
            held.Dispose();
            return store.Error;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            return new CacheError(CacheErrorCode.Unavailable, $"The data directory {path} can't be written: {e.Message}");
        }
    }

    /// <summary>Notes that the log's files exist from now on; throws <see cref="IOException"/>.</summary>
    public void NoteLog()
    {
        if (!store.HasLog)
            Save(Path, store = store with { HasLog = true });
    }

    public void Dispose() => held.Dispose();

    // The lock ends with the process, however it ends. Nobody else can read a locked file, so the number of who holds it is beside it.
    private static Result<FileStream> Lock(string path)
    {
        var file = System.IO.Path.Combine(path, LockFileName);
        var holder = System.IO.Path.Combine(path, HolderFileName);
        FileStream held;
        try
        {
            held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file) && File.Exists(holder))
        {
            return new CacheError(CacheErrorCode.Busy, $"The data directory {path} is in use by process {File.ReadAllText(holder)}.");
        }

        try
        {
            File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
        catch (IOException) // on a full disk the store can still be read
        {
        }

        return held;
    }

    private static Result<StoreFile> Load(string path)
    {
        var file = System.IO.Path.Combine(path, StoreFileName);
        if (!File.Exists(file))
        {
            if (Directory.Exists(System.IO.Path.Combine(path, LogDirectoryName)))
                return new CacheError(CacheErrorCode.Corrupt, $"The data directory {path} has a log but no {StoreFileName}.");
            var made = new StoreFile(Format, Guid.NewGuid().ToString("N"), BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)), false);
            Save(path, made);
            return made;
        }

        StoreFile? store;
        try
        {
            // The format first: another one may have other fields.
            var bytes = File.ReadAllBytes(file);
            var format = JsonSerializer.Deserialize(bytes, StoreFileJson.Default.FormatOnly)?.Format;
            if (format is not null and not Format)
            {
                return new CacheError(
                    CacheErrorCode.Refused, $"The data directory {path} has format {format}; this program reads and writes format {Format}.");
            }

            store = format is null ? null : JsonSerializer.Deserialize(bytes, StoreFileJson.Default.StoreFile);
        }
        catch (JsonException)
        {
            store = null;
        }

        return store is { Id: not null }
            ? store
            : new CacheError(CacheErrorCode.Corrupt, $"{file} is damaged; restore it, or move the directory away to start empty.");
    }

    // Whole or not at all: a new file, made durable, takes the old one's name.
    private static void Save(string path, StoreFile store)
    {
        var target = System.IO.Path.Combine(path, StoreFileName);
        var fresh = target + ".new";
        using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, store, StoreFileJson.Default.StoreFile);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, target, overwrite: true);
        Posix.SyncDirectory(path);
    }

    internal sealed record StoreFile(int Format, string Id, uint Seed, bool HasLog);

    internal sealed record FormatOnly(int? Format);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
    [JsonSerializable(typeof(StoreFile))]
    [JsonSerializable(typeof(FormatOnly))]
    internal sealed partial class StoreFileJson : JsonSerializerContext;
}
