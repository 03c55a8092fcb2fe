using System.Net;
using System.Net.Sockets;

namespace Hal.Cache.Testing.Processes;

/// <summary>Loopback TCP ports for servers that are started a moment later.</summary>
/// <remarks>
/// They lie below those that the kernel gives to connections (ip_local_port_range), or one of these may have taken the port before the
/// server comes to it, and are held by a file each for as long as this process lives, so that no other test process gets the same.
/// </remarks>
public static class FreePort
{
    private const int First = 10_000;
    private const int Count = 20_000;
    private static readonly string Held = Path.Combine(Path.GetTempPath(), "hal-ports");
    private static readonly Dictionary<int, FileStream> Given = [];
    private static int next = Environment.ProcessId * 61 % Count;

    /// <summary>A port that is given to nobody else; throws <see cref="InvalidOperationException"/> when all are taken.</summary>
    public static int Next()
    {
        lock (Given)
        {
            Directory.CreateDirectory(Held);
            for (var attempt = 0; attempt < Count; attempt++)
            {
                var port = First + next;
                next = (next + 1) % Count;
                if (Given.ContainsKey(port) || Hold(port) is not { } file) continue;
                if (IsFree(port))
                {
                    Given.Add(port, file);
                    return port;
                }
                file.Dispose();
            }
        }

        throw new InvalidOperationException($"No free loopback port between {First} and {First + Count - 1}.");
    }

    private static FileStream? Hold(int port)
    {
        try
        {
            return new FileStream(
                Path.Combine(Held, port.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            return null; // another process holds it
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
