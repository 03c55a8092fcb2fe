using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>Opens a path relative to a directory, and never anything that is not beneath it.</summary>
internal interface IBeneathOpener
{
    /// <summary>
    /// A handle to the file at <paramref name="path"/> (checked, NUL-terminated), readable or only for its facts; null and an error
    /// number on failure. What is not a regular file may come back unreadable: the caller looks at its type.
    /// </summary>
    SafeFileHandle? Open(SafeFileHandle directory, ReadOnlySpan<byte> path, bool readable, out int errno);
}
