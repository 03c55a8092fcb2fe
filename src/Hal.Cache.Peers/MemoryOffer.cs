using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Peers;

/// <summary>
/// How an instance tells a peer where its values' memory is: a word of the handshake, with the process, the descriptor of the memory's file, the port that the
/// peer comes from, and a proof, made of the memory's identity with a token of both ends' nonces and the cluster's secret. A peer that finds that identity
/// there is on the same machine, may map the memory, and has that of who speaks with it, not of another process that has this number.
/// </summary>
internal static class MemoryOffer
{
    private const string Prefix = "shared=";

    /// <summary>Whether processes can map each other's memory here, and the ends of a connection are on one machine.</summary>
    public static bool IsPossible(IPEndPoint remote, IPEndPoint local) =>
        OperatingSystem.IsLinux() && Environment.Is64BitProcess && remote.Address.Equals(local.Address);

    /// <summary>What to say to the peer whose end of the connection has this port.</summary>
    public static string Word(ISharedMemory memory, ReadOnlySpan<byte> token, int port) => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}.{memory.Descriptor}.{port}.{Convert.ToHexString(Proof(token, memory.Identity.Span))}");

    public static byte[] Proof(ReadOnlySpan<byte> token, ReadOnlySpan<byte> identity) => HMACSHA256.HashData(token, identity);

    public static bool TryParse(string word, out Place place)
    {
        place = default;
        string[] parts = word.StartsWith(Prefix, StringComparison.Ordinal) ? word[Prefix.Length..].Split('.') : [];
        if (parts.Length != 4
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int process)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor)
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || parts[3].Length != 2 * HMACSHA256.HashSizeInBytes || !parts[3].All(char.IsAsciiHexDigit))
        {
            return false;
        }

        place = new(process, descriptor, port, Convert.FromHexString(parts[3]));
        return true;
    }

    public readonly record struct Place(int Process, int Descriptor, int Port, byte[] Proof);
}
