using System.Text;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Makes a group's consumer on both servers before a command that names it: Redis 7.2 makes it always, 7.0 only where it gets something.</summary>
internal static class StreamConsumers
{
    /// <summary>The commands that come before this one.</summary>
    public static IEnumerable<byte[][]> Before(byte[][] command)
    {
        if (command.Length < 4) return [];
        if (Is(command[0], "XCLAIM") || Is(command[0], "XAUTOCLAIM")) return [Create(command[1], command[2], command[3])];
        if (!Is(command[0], "XREADGROUP") || !Is(command[1], "GROUP")) return [];
        var keys = Array.FindIndex(command, 4, argument => Is(argument, "STREAMS"));
        return keys < 0 ? [] : command[(keys + 1)..].Select(key => Create(key, command[2], command[3]));
    }

    private static byte[][] Create(byte[] key, byte[] group, byte[] consumer) => [.. new[] { "XGROUP", "CREATECONSUMER" }.Select(Encoding.ASCII.GetBytes), key, group, consumer];

    private static bool Is(byte[] argument, string word) => Ascii.EqualsIgnoreCase(argument, word);
}
