using System.Net;
using System.Reflection;
using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo;

/// <summary>What a silo says when it serves: a line a fact, and last the line that scripts wait for.</summary>
internal static class Banner
{
    public static string Version { get; } =
        typeof(Banner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static void Write(TextWriter output, SiloOptions options, IPEndPoint resp, IPEndPoint http)
    {
        output.WriteLine($"HAL Cache {Version}");
        Line("name", options.Name);
        Line("resp", resp.ToString());
        Line("http", $"http://{http}");
        Line("data", options.MemoryOnly ? "in memory only" : options.Data);
        Line("memory", ByteSize.Format(options.MemoryBytes));
        Line("disk", options.MemoryOnly ? "0" : ByteSize.Format(options.DiskBytes));
        Line("policy", options.Policy);
        Line("durability", options.Durability.ToString().ToLowerInvariant());
        foreach (var origin in options.Origins) Line("origin", origin);
        Line("pid", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        output.WriteLine($"ready resp={resp} http={http} pid={Environment.ProcessId}");
        output.Flush();

        void Line(string name, string value) => output.WriteLine($"  {name,-11} {value}");
    }
}
