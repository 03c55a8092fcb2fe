using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.FileSystem.Linux;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>The regular files beneath a directory (Linux).</summary>
public sealed class FileSystemOrigin : IOrigin, IDisposable
{
    /// <summary>How often a file may change while it is awaited to settle, before opening it is given up.</summary>
    private const int SettleChangesMax = 4;

    private readonly RootDirectory root;
    private readonly IBeneathOpener opener;
    private readonly FileSystemOriginOptions options;
    private readonly FileVersion versions;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim openFiles;

    private FileSystemOrigin(RootDirectory root, IBeneathOpener opener, FileSystemOriginOptions options, TimeProvider time)
    {
        (this.root, this.opener, this.options, this.time) = (root, opener, options, time);
        AnswersAtOnce = opener is KernelOpener && root.TryGetCached() is not null;
        openFiles = new(options.OpenFilesMax);
        versions = new(options.IsImmutable);
    }

    public bool AnswersAtOnce { get; }

    /// <summary>Opens the directory; <see cref="CacheErrorCode.Invalid"/> with the rule that an option breaks as its message.</summary>
    public static Result<FileSystemOrigin> Create(FileSystemOriginOptions options, TimeProvider time) => Create(options, time, null);

    internal static Result<FileSystemOrigin> Create(FileSystemOriginOptions options, TimeProvider time, IBeneathOpener? opener)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new CacheError(CacheErrorCode.Invalid, "a file origin needs Linux");
        }

        if (options.Check() is { } broken)
        {
            return broken;
        }

        var root = RootDirectory.Open(options.Directory, time);
        if (!root.IsOk)
        {
            return root.Error;
        }

        opener ??= KernelOpener.IsSupported(root.Value.Get().Value) ? new KernelOpener(new CheckingOpener()) : new CheckingOpener();
        return new FileSystemOrigin(root.Value, opener, options, time);
    }

    public bool SharesDiskWith(string directory) => root.SharesDiskWith(directory);

    public ValueTask<Result<OriginObject>> StatAsync(ReadOnlyMemory<byte> path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (FilePath.Check(path.Span) is { } refused)
        {
            return new(refused);
        }

        if (BlockingCalls.Allowed)
        {
            return new(Stat(path.Span));
        }

        using var file = TryOpenCached(path.Span, readable: false, checkType: false, out var facts);
        return file is null ? StatOnPoolAsync(path) : new(versions.Of(facts));
    }

    public ValueTask<Result<IOriginReader>> OpenAsync(
        ReadOnlyMemory<byte> path, OriginObject? expected, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return FilePath.Check(path.Span) is { } refused ? new(refused) : OpenCheckedAsync(path, expected, cancellation);
    }

    public void Dispose() => root.Dispose(); // readers that are open keep their files, and end by themselves

    private async ValueTask<Result<OriginObject>> StatOnPoolAsync(ReadOnlyMemory<byte> path)
    {
        await BlockingCalls.HopAsync();
        return Stat(path.Span);
    }

    private Result<OriginObject> Stat(ReadOnlySpan<byte> path)
    {
        using var file = Open(path, readable: false, checkType: false, out var facts, out var error);
        return file is null ? error! : versions.Of(facts);
    }

    private async ValueTask<Result<IOriginReader>> OpenCheckedAsync(
        ReadOnlyMemory<byte> path, OriginObject? expected, CancellationToken cancellation)
    {
        if (!openFiles.Wait(0, CancellationToken.None) && !await WaitForFileAsync(cancellation))
        {
            return FileErrors.TooManyOpen(path.Span);
        }

        SafeFileHandle? file = null;
        FileSystemReader? reader = null;
        try
        {
            // Who expects a version has asked for the file's facts and knows that it is one; otherwise ask before the open, since
            // opening a device is an act of its own.
            var facts = default(StatX);
            file = BlockingCalls.Allowed ? null : TryOpenCached(path.Span, readable: true, checkType: expected is null, out facts);
            var isCached = file is not null; // and on the directory's own file system
            if (file is null)
            {
                if (!BlockingCalls.Allowed)
                {
                    await BlockingCalls.HopAsync();
                }

                file = Open(path.Span, readable: true, checkType: expected is null, out facts, out var error);
                if (file is null)
                {
                    return error!;
                }
            }

            for (var changes = 0; versions.Unsettled(facts, time.GetUtcNow()) is var wait && wait > TimeSpan.Zero;)
            {
                await Task.Delay(wait, time, cancellation);
                var before = versions.Of(facts);
                if (Kernel.Stat(file, out facts) is var errno and not 0)
                {
                    return FileErrors.Of(errno, path.Span);
                }

                if (versions.Of(facts) != before && ++changes == SettleChangesMax)
                {
                    return FileErrors.Changed(path.Span);
                }
            }

            var opened = versions.Of(facts);
            if (expected is { } version && version != opened)
            {
                return FileErrors.Changed(path.Span);
            }

            return reader = new FileSystemReader(file, opened, versions, path, openFiles, isCached);
        }
        finally
        {
            if (reader is null)
            {
                file?.Dispose();
                openFiles.Release();
            }
        }
    }

    private async ValueTask<bool> WaitForFileAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(options.OpenWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await openFiles.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private SafeFileHandle? TryOpenCached(ReadOnlySpan<byte> path, bool readable, bool checkType, out StatX facts)
    {
        facts = default;
        if (!AnswersAtOnce || root.TryGetCached() is not { } directory)
        {
            return null;
        }

        Span<byte> terminated = stackalloc byte[path.Length + 1];
        Terminate(path, terminated);
        return CachedFiles.TryOpen(directory, terminated, readable, checkType, out facts);
    }

    private static void Terminate(ReadOnlySpan<byte> path, Span<byte> terminated)
    {
        path.CopyTo(terminated);
        terminated[^1] = 0;
    }

    private SafeFileHandle? Open(ReadOnlySpan<byte> path, bool readable, bool checkType, out StatX facts, out CacheError? error)
    {
        using var call = BlockingCalls.Enter();
        Span<byte> terminated = stackalloc byte[path.Length + 1];
        Terminate(path, terminated);

        var file = OpenIn(root.Get(), terminated, readable, checkType, out facts, out error);
        if (file is not null || error is not { Code: CacheErrorCode.NotFound })
        {
            return file;
        }

        // "Not there" makes others drop their copies, so make sure that it is not the directory that is gone.
        var directory = root.Refresh(out var replaced);
        return directory.IsOk && !replaced ? null : OpenIn(directory, terminated, readable, checkType, out facts, out error);
    }

    private SafeFileHandle? OpenIn(
        Result<SafeFileHandle> directory, ReadOnlySpan<byte> terminated, bool readable, bool checkType,
        out StatX facts, out CacheError? error)
    {
        facts = default;
        var path = terminated[..^1];
        if (!directory.IsOk)
        {
            error = directory.Error;
            return null;
        }

        if (checkType)
        {
            var failed = Kernel.Stat(directory.Value, terminated, out facts);
            error = failed != 0 ? FileErrors.Of(failed, path) : facts.IsFile || facts.IsDirectory ? null : FileErrors.Special(path);
            if (error is not null)
            {
                return null;
            }
        }

        var file = opener.Open(directory.Value, terminated, readable, out var errno);
        if (file is not null)
        {
            errno = Kernel.Stat(file, out facts); // of what is open: the path may lead elsewhere by now
        }

        error = errno != 0 ? FileErrors.Of(errno, path)
            : facts.IsFile ? null
            : facts.IsDirectory ? FileErrors.NotFound(path)
            : FileErrors.Special(path);
        if (error is null)
        {
            return file;
        }

        file?.Dispose();
        return null;
    }
}
