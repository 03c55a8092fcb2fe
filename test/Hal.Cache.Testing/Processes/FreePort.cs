using System.Net;
using System.Net.Sockets;

namespace Hal.Cache.Testing.Processes;

/// <summary>Loopback TCP ports that nobody listens on at the moment of asking.</summary>
public static class FreePort
{
    private const int AttemptsMax = 64;
    private static readonly HashSet<int> Given = [];

    /// <summary>A port that this process has not given out before; throws <see cref="InvalidOperationException"/> when none is found.</summary>
    public static int Next()
    {
        // The kernel may offer a port again before its first taker has bound it, so those given are remembered.
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            lock (Given)
            {
                if (Given.Add(port)) return port;
            }
        }

        throw new InvalidOperationException($"No free loopback port in {AttemptsMax} attempts.");
    }
}
