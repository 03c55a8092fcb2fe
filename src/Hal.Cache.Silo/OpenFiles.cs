using System.Globalization;
using Hal.Cache.Contracts;

namespace Hal.Cache.Silo;

/// <summary>How many clients the process's limit of open files leaves room for; a process that runs out of them can't go on.</summary>
internal static class OpenFiles
{
    /// <summary>Clients of one instance that there is always room for; a lower limit stops the start.</summary>
    public const int ClientsMin = 16;

    /// <summary>With room for fewer clients than this, an instance warns at its start.</summary>
    public const int ClientsFew = 1000;

    /// <summary>Files of the process itself: libraries, listeners, HTTP, other instances.</summary>
    public const int Reserved = 256;

    private const int LogBytesAFile = 256 << 20;

    /// <summary>Most clients of each of so many instances in one process, whose logs may fill so many bytes in sum; an error where the limit leaves too few.</summary>
    public static Result<int> ClientsFor(long limit, int instances, long diskBytes)
    {
        var needed = Reserved + diskBytes / LogBytesAFile;
        var clients = (limit - needed) / instances;
        return clients >= ClientsMin
            ? (int)Math.Min(clients, int.MaxValue)
            : new CacheError(
                CacheErrorCode.Unavailable, $"the limit of open files is {limit} (ulimit -n); what is set here needs at least {needed + ClientsMin * instances}");
    }

    /// <summary>The limit that the system sets this process; getrlimit(2), RLIMIT_NOFILE. No limit where it is not told.</summary>
    public static long Limit()
    {
        try
        {
            return Parse(File.ReadLines("/proc/self/limits"));
        }
        catch (IOException)
        {
            return long.MaxValue;
        }
    }

    internal static long Parse(IEnumerable<string> lines)
    {
        const string Name = "Max open files";
        var line = lines.FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        var soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : long.MaxValue;
    }
}
