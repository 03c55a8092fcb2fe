using System.Runtime.InteropServices;

namespace Hal.Cache.Origins.Tests.Support;

/// <summary>What .NET has no call for: special files, and another user's rights for one thread.</summary>
internal static partial class Libc
{
    public const uint CharacterDevice = 0x2000;

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int MakeFifo(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "mknod", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int MakeNode(string path, uint mode, ulong device);

    /// <summary>Moves a link itself; <see cref="File.Move(string, string)"/> looks at what it points to.</summary>
    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Link(string existing, string name);

    [LibraryImport("libc", EntryPoint = "chmod", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int ChangeMode(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    public static partial int SetFileUser(uint user);
}
