namespace Hal.Cache.Origins.FileSystem.Linux;

/// <summary>The error numbers that mean something here; the same on x64 and arm64.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int NoAddress = 6; // ENXIO: a socket
    public const int Again = 11;
    public const int Access = 13;
    public const int CrossDevice = 18; // EXDEV: what openat2 answers for a path that leaves its directory
    public const int NoDevice = 19;
    public const int NotDirectory = 20;
    public const int Invalid = 22;
    public const int SystemFiles = 23;
    public const int ProcessFiles = 24;
    public const int NameTooLong = 36;
    public const int NoSystemCall = 38;
    public const int Loop = 40;
    public const int Stale = 116;
}
