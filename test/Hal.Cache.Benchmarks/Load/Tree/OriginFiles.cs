using System.Globalization;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>
/// The directory that all trees and chains read from. An object is a name for one of a few files, so that each read is of a name that no
/// cache has seen, and the bytes are in the machine's page cache for all alike.
/// </summary>
internal sealed class OriginFiles
{
    /// <summary>No power of two, so that a piece that stands in a wrong place does not look right.</summary>
    private const int PatternBytes = (1 << 20) + 4099;
    private const int Seed = 60_601;

    private readonly byte[] pattern = new byte[PatternBytes];
    private readonly Dictionary<long, string> files = [];
    private int names;

    public OriginFiles(string directory)
    {
        Directory = directory;
        new Random(Seed).NextBytes(pattern);
    }

    public string Directory { get; }

    /// <summary>A name that was not used before, for an object of so many bytes.</summary>
    public string New(long bytes)
    {
        if (!files.TryGetValue(bytes, out var file))
            files.Add(bytes, file = Write(bytes));
        var name = string.Create(CultureInfo.InvariantCulture, $"object-{++names:D6}");
        HardLink(file, Path.Combine(Directory, name));
        return name;
    }

    /// <summary>Throws <see cref="BenchmarkException"/> where these are not the bytes at an offset of every object.</summary>
    public void Check(long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var expected = pattern.AsSpan((int)(offset % PatternBytes));
            var count = Math.Min(expected.Length, bytes.Length);
            if (!bytes[..count].SequenceEqual(expected[..count]))
                throw new BenchmarkException($"other bytes than the origin's within {count} from {offset} on");
            offset += count;
            bytes = bytes[count..];
        }
    }

    private string Write(long bytes)
    {
        var path = Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"bytes-{bytes}"));
        using var file = File.Create(path);
        for (var left = bytes; left > 0; left -= PatternBytes)
            file.Write(pattern, 0, (int)Math.Min(left, PatternBytes));
        return path;
    }

    private static void HardLink(string file, string name)
    {
        if (Servers.Posix.Link(file, name) != 0)
            throw new BenchmarkException($"{name} could not be made a name of {file}");
    }
}
