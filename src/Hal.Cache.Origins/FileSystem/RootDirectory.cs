using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Origins.FileSystem.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>The origin's directory, held open; looked up anew so that a remount or a swapped link is seen.</summary>
internal sealed class RootDirectory : IDisposable
{
    /// <summary>How long the directory that is held is taken for the one that the path names.</summary>
    public static readonly TimeSpan CheckPeriod = TimeSpan.FromSeconds(1);

    private readonly byte[] path;
    private readonly TimeProvider time;
    private long checkedAt;

    // Replaced as a whole. The old handle is left to its finalizer, since a call on another thread may be about to use it.
    private volatile Held held;

    private RootDirectory(byte[] path, Held held, TimeProvider time)
    {
        (this.path, this.held, this.time) = (path, held, time);
        checkedAt = time.GetTimestamp();
    }

    /// <summary>Opens <paramref name="directory"/>; the error's message is the rule that it breaks.</summary>
    public static Result<RootDirectory> Open(string directory, TimeProvider time)
    {
        var path = Encoding.UTF8.GetBytes(directory + '\0');
        return TryHold(path, out var errno) is { } held
            ? new RootDirectory(path, held, time)
            : new CacheError(CacheErrorCode.Invalid, errno switch
            {
                0 or Errno.NotDirectory => "the path must be a directory",
                Errno.NoEntry => "the directory must exist",
                Errno.Access or Errno.NotPermitted => "the directory must be one that this user may search",
                _ => $"the directory can't be opened (error {errno})",
            });
    }

    /// <summary>The directory; <see cref="CacheErrorCode.Unavailable"/> while the path names none.</summary>
    public Result<SafeFileHandle> Get() =>
        time.GetElapsedTime(Volatile.Read(ref checkedAt)) < CheckPeriod ? held.Handle : Refresh(out _);

    /// <summary>The directory, without a call, where that is known and files beneath it may be tried by <see cref="CachedFiles"/>; else null.</summary>
    public SafeFileHandle? TryGetCached() =>
        time.GetElapsedTime(Volatile.Read(ref checkedAt)) < CheckPeriod && held is { IsCached: true } now ? now.Handle : null;

    /// <summary>Looks the path up now; <paramref name="replaced"/> tells that it names another directory than the last one.</summary>
    public Result<SafeFileHandle> Refresh(out bool replaced)
    {
        replaced = false;
        var before = held;
        var now = TryHold(path, out _);
        if (now is null)
        {
            Volatile.Write(ref checkedAt, time.GetTimestamp() - (long)(CheckPeriod.TotalSeconds * time.TimestampFrequency));
            return FileErrors.NoDirectory(); // and the next call looks again
        }

        Volatile.Write(ref checkedAt, time.GetTimestamp());
        if (now.Device == before.Device && now.Inode == before.Inode)
        {
            now.Handle.Dispose(); // nobody else has seen this one
            return before.Handle;
        }

        replaced = true;
        held = now;
        return now.Handle;
    }

    /// <summary>Whether another directory is on the same file system.</summary>
    public bool SharesDiskWith(string directory)
    {
        var other = TryHold(Encoding.UTF8.GetBytes(directory + '\0'), out _);
        other?.Handle.Dispose();
        return other?.Device == held.Device;
    }

    public void Dispose() => held.Handle.Dispose();

    private static Held? TryHold(byte[] path, out int errno)
    {
        var handle = Kernel.Open(null, path, Kernel.OpenPath, out errno);
        if (handle is null)
        {
            return null;
        }

        errno = Kernel.Stat(handle, out var facts);
        if (errno == 0 && facts.IsDirectory)
        {
            return new Held(handle, ((ulong)facts.DeviceMajor << 32) | facts.DeviceMinor, facts.Inode, CachedFiles.MayBeTried(handle));
        }

        handle.Dispose();
        return null;
    }

    private sealed record Held(SafeFileHandle Handle, ulong Device, ulong Inode, bool IsCached);
}
