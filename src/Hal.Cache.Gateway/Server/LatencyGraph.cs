using System.Globalization;
using System.Text;

namespace Hal.Cache.Gateway.Server;

/// <summary>Draws spikes as columns of characters, the newest at the right, with their ages below from top to bottom.</summary>
internal static class LatencyGraph
{
    private const int Columns = 80;
    private const int Rows = 4;
    private const string Tops = "_o#";

    public static string Draw(string name, (long At, long Milliseconds)[] samples, long longest, long now)
    {
        long high = samples.Max(sample => sample.Milliseconds), low = samples.Min(sample => sample.Milliseconds);
        samples = samples[^Math.Min(samples.Length, Columns)..];
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{name} - high {high} ms, low {low} ms (all time high {longest} ms)\n");
        text.Append('-', Columns).Append('\n');
        for (int row = Rows - 1; row >= 0; row--)
            AppendLine(text, samples, sample => Cell(Level(sample.Milliseconds, low, high), row));
        string[] ages = Array.ConvertAll(samples, sample => Age(Math.Max(0, now - sample.At)));
        text.Append('\n');
        for (int row = 0; row < ages.Max(age => age.Length); row++)
            AppendLine(text, ages, age => row < age.Length ? age[row] : ' ');
        return text.ToString();
    }

    private static int Level(long value, long low, long high) =>
        high == low ? Rows * Tops.Length / 2 : (int)Math.Min((value - low) * Rows * Tops.Length / (high - low), (Rows * Tops.Length) - 1);

    private static char Cell(int level, int row)
    {
        int here = level - (row * Tops.Length);
        return here < 0 ? ' ' : here < Tops.Length ? Tops[here] : '|';
    }

    private static void AppendLine<T>(StringBuilder text, T[] items, Func<T, char> cell)
    {
        string line = string.Concat(items.Select(cell)).TrimEnd();
        if (line.Length > 0) text.Append(line).Append('\n');
    }

    private static string Age(long seconds)
    {
        (long number, char unit) = seconds switch
        {
            < 60 => (seconds, 's'),
            < 3600 => (seconds / 60, 'm'),
            < 86400 => (seconds / 3600, 'h'),
            _ => (seconds / 86400, 'd'),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{number}{unit}");
    }
}
