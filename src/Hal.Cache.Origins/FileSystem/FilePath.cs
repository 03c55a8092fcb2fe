using System.Text.Unicode;
using Hal.Cache.Contracts;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>What a key's bytes must be to name a file beneath the directory.</summary>
/// <remarks>
/// One file has one path here: a second spelling (<c>a//b</c>, <c>a/./b</c>) would be a second key with its own copy. Nothing is
/// decoded: <c>%2e%2e</c> is a name of six characters, and UTF-8 forms that only a lax decoder takes for <c>/</c> or <c>..</c> are not
/// valid UTF-8.
/// </remarks>
internal static class FilePath
{
    /// <summary>Longest path, in bytes: the kernel's PATH_MAX of 4096 counts the closing NUL.</summary>
    public const int BytesMax = 4095;

    /// <summary>Longest name between slashes, in bytes (the kernel's NAME_MAX).</summary>
    public const int SegmentBytesMax = 255;

    /// <summary>The rule that <paramref name="path"/> breaks as a <see cref="CacheErrorCode.Refused"/>, or null.</summary>
    public static CacheError? Check(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
        {
            return new(CacheErrorCode.Refused, "the key names the origin itself: a path must follow the prefix");
        }

        if (path.Length > BytesMax)
        {
            return Refused(path, $"is longer than {BytesMax} bytes");
        }

        if (path.Contains((byte)0))
        {
            return Refused(path, "contains a NUL byte");
        }

        if (!Utf8.IsValid(path))
        {
            return Refused(path, "is not valid UTF-8");
        }

        foreach (var range in path.Split((byte)'/'))
        {
            var segment = path[range];
            if (segment.IsEmpty)
            {
                return Refused(path, "has an empty segment: no slash may be first, last or doubled");
            }

            if (segment.SequenceEqual("."u8) || segment.SequenceEqual(".."u8))
            {
                return Refused(path, "has a segment . or ..");
            }

            if (segment.Length > SegmentBytesMax)
            {
                return Refused(path, $"has a segment longer than {SegmentBytesMax} bytes");
            }
        }

        return null;
    }

    private static CacheError Refused(ReadOnlySpan<byte> path, string why) =>
        new(CacheErrorCode.Refused, $"origin path '{OriginText.Printable(path)}' {why}");
}
