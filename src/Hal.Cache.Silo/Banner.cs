using System.Net;
using System.Reflection;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Dashboard;
using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo;

/// <summary>What a silo says when it serves: a line a fact, and last the line that scripts wait for.</summary>
internal static class Banner
{
    public static string Version { get; } =
        typeof(Banner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static void Write(TextWriter output, SiloOptions silo, IReadOnlyList<IPEndPoint> resp, IPEndPoint http)
    {
        output.WriteLine($"HAL Cache {Version}");
        for (var i = 0; i < silo.Instances.Count; i++) Write(silo.Instances[i], resp[i]);
        Line("http", $"http://{http}");
        Line("dashboard", $"http://{http}{DashboardEndpoints.Path}");
        Line("pid", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        output.WriteLine($"ready resp={string.Join(',', resp)} http={http} pid={Environment.ProcessId}");
        output.Flush();

        void Write(SiloOptions options, IPEndPoint endpoint)
        {
            Line("name", options.Name);
            if (options.Role is { } role) Line("role", role.ToString().ToLowerInvariant());
            if (options.Parent.Length > 0) Line("parent", options.Parent);
            if (options is { Role: InstanceRole.Root, RootSlots.Count: > 0 })
                Line("slots", string.Join(", ", options.Roots.SlotsOf(options.Name).Select(r => $"{r.First}-{r.Last}")));
            Line("resp", endpoint.ToString());
            Line("data", options.MemoryOnly ? "in memory only" : options.Data);
            Line("memory", ByteSize.Format(options.MemoryBytes));
            Line("disk", options.MemoryOnly ? "0" : ByteSize.Format(options.DiskBytes));
            Line("policy", options.Policy);
            Line("durability", options.Durability.ToString().ToLowerInvariant());
            foreach (var origin in options.Origins) Line("origin", origin);
        }

        void Line(string name, string value) => output.WriteLine($"  {name,-11} {value}");
    }
}
