using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Cts;

/// <summary>Which commands a server says it has, by <c>COMMAND INFO</c>, asked once a name.</summary>
internal sealed class ServedCommands(int port)
{
    private readonly Dictionary<string, bool> _known = new(StringComparer.OrdinalIgnoreCase);

    public bool Contains(byte[] command)
    {
        var name = Encoding.Latin1.GetString(command);
        if (_known.TryGetValue(name, out var known)) return known;
        using var client = new RespTestClient(port);
        var reply = client.Command("COMMAND", "INFO", name);
        return _known[name] = reply.Items is { Count: 1 } items && items[0].Items is not null;
    }
}
