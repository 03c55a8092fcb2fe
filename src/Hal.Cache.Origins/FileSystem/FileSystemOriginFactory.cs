using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Origins.FileSystem;

/// <summary><c>file:///absolute/directory</c>.</summary>
internal sealed class FileSystemOriginFactory : IOriginFactory
{
    public string Scheme => "file";

    public Result<IOrigin> Create(OriginUri uri, Freshness freshness, TimeProvider time)
    {
        if (uri.Authority is not ("" or "localhost") || uri.Path.Length == 0)
        {
            return new CacheError(CacheErrorCode.Invalid, "a file URI must be file:// and an absolute path: file:///data/imagenet");
        }

        var options = new FileSystemOriginOptions { Directory = uri.Path, IsImmutable = freshness.Mode == FreshnessMode.Immutable };
        var origin = FileSystemOrigin.Create(options, time);
        return origin.IsOk ? origin.Value : origin.Error;
    }
}
