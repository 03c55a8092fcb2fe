using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Hal.Cache.Silo.Settings;

/// <summary>HOST:PORT as listeners take it.</summary>
internal static class ListenAddress
{
    public const string Rule = "must be HOST:PORT: an IP address ([::1] for version 6), 'localhost' (127.0.0.1) or '*' (every address), and a port from 0 (any free one) to 65535";

    // Names other than localhost are refused: what they resolve to is decided elsewhere, and so would be who can connect.
    public static bool TryParse(string text, out IPEndPoint endpoint)
    {
        endpoint = new IPEndPoint(IPAddress.None, 0);
        var colon = text.LastIndexOf(':');
        if (colon <= 0) return false;
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)) return false;
        if (Host(text[..colon]) is not { } address) return false;
        endpoint = new IPEndPoint(address, port);
        return true;
    }

    private static IPAddress? Host(string host)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase)) return IPAddress.Loopback;
        if (host == "*") return Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any; // version 6 takes both
        if (host[0] == '[')
        {
            return host[^1] == ']' && IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out var six)
                && six.AddressFamily == AddressFamily.InterNetworkV6 ? six : null;
        }
        // IPAddress takes "1" and "127.1" as well; an address here has its four parts.
        return host.Count(c => c == '.') == 3 && IPAddress.TryParse(host, out var four)
            && four.AddressFamily == AddressFamily.InterNetwork ? four : null;
    }
}
