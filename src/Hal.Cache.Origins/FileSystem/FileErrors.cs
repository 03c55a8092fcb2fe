using System.Globalization;
using Hal.Cache.Contracts;
using Hal.Cache.Origins.FileSystem.Linux;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>What the kernel's error numbers mean to a reader of the origin.</summary>
internal static class FileErrors
{
    public static CacheError Of(int errno, ReadOnlySpan<byte> path) => errno switch
    {
        Errno.NoEntry or Errno.NotDirectory => NotFound(path),
        Errno.Access or Errno.NotPermitted => Error(CacheErrorCode.Refused, path, "may not be read: permission denied"),
        Errno.CrossDevice => Error(CacheErrorCode.Refused, path, "leads out of the origin's directory by a symbolic link"),
        Errno.Loop => Error(CacheErrorCode.Refused, path, "has too many symbolic links"),
        Errno.NameTooLong => Error(CacheErrorCode.Refused, path, "is longer than the file system allows"),
        Errno.NoDevice or Errno.NoAddress => Special(path),
        Errno.ProcessFiles or Errno.SystemFiles => Error(CacheErrorCode.Busy, path, "can't be opened: too many open files"),
        Errno.Again => Error(CacheErrorCode.Busy, path, "is locked by another process"),
        Errno.Stale => Error(CacheErrorCode.Changed, path, "is no longer there"),
        Errno.InputOutput => Error(CacheErrorCode.Unavailable, path, "can't be read: I/O error"),
        _ => Error(CacheErrorCode.Unavailable, path, string.Create(CultureInfo.InvariantCulture, $"can't be read: error {errno}")),
    };

    public static CacheError NotFound(ReadOnlySpan<byte> path) => Error(CacheErrorCode.NotFound, path, "does not exist");

    public static CacheError Special(ReadOnlySpan<byte> path) => Error(CacheErrorCode.Refused, path, "is not a regular file");

    public static CacheError Changed(ReadOnlySpan<byte> path) => Error(CacheErrorCode.Changed, path, "changed while it was read");

    public static CacheError Short(ReadOnlySpan<byte> path) =>
        Error(CacheErrorCode.Unavailable, path, "has fewer bytes than the file system says");

    public static CacheError TooManyOpen(ReadOnlySpan<byte> path) =>
        Error(CacheErrorCode.Busy, path, "can't be opened: the origin's limit of open files is reached");

    public static CacheError NoDirectory() => new(CacheErrorCode.Unavailable, "the origin's directory can't be reached");

    private static CacheError Error(CacheErrorCode code, ReadOnlySpan<byte> path, string what) =>
        new(code, $"origin path '{OriginText.Printable(path)}' {what}");
}
