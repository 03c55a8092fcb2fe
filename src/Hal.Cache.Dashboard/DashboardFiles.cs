using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Hal.Cache.Dashboard;

/// <summary>One file of the page, with its type and a tag of its content.</summary>
internal sealed record DashboardFile(byte[] Bytes, string ContentType, EntityTagHeaderValue Tag);

/// <summary>The files of <c>wwwroot/</c> as they are in the assembly, by name.</summary>
internal static class DashboardFiles
{
    private const int TagBytes = 16;

    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".mjs"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    public static Dictionary<string, DashboardFile> Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames().ToDictionary(name => name, name => Read(assembly, name), StringComparer.Ordinal);
    }

    private static DashboardFile Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var tag = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, TagBytes));
        return new DashboardFile(bytes, ContentTypes[Path.GetExtension(name)], new EntityTagHeaderValue($"\"{tag}\""));
    }
}
