using System.Globalization;
using System.Net;

namespace Hal.Cache.Peers;

/// <summary>
/// How an instance tells a peer where its memory is: a word of the handshake, with the process, the address of a token, and the port that the peer comes
/// from. The token is made of both ends' nonces and the cluster's secret; a peer that finds it there is on the same machine, may read, and has no other
/// process than one that speaks with it, or that shares the secret with who does.
/// </summary>
internal sealed class MemoryOffer
{
    public const int TokenBytes = PeerHandshake.ProofBytes;

    /// <summary>Tokens that are there at one time; one that a later handshake has overwritten is not found, and bytes are sent.</summary>
    private const int TokensMax = 256;

    private const string Prefix = "memory=";

    private readonly byte[] tokens = GC.AllocateArray<byte>(TokensMax * TokenBytes, pinned: true); // it never moves
    private int last;

    /// <summary>Whether processes can read each other's memory here, and the ends of a connection are on one machine.</summary>
    public static bool IsPossible(IPEndPoint remote, IPEndPoint local) =>
        OperatingSystem.IsLinux() && Environment.Is64BitProcess && remote.Address.Equals(local.Address);

    /// <summary>What to say to the peer whose end of the connection has this port, and who expects this token.</summary>
    public unsafe string Word(ReadOnlySpan<byte> token, int port)
    {
        int offset = (int)((uint)Interlocked.Increment(ref last) % TokensMax) * TokenBytes;
        token.CopyTo(tokens.AsSpan(offset));
        fixed (byte* address = tokens)
            return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}.{(nint)(address + offset):x}.{port}");
    }

    public static bool TryParse(string word, out Place place)
    {
        place = default;
        string[] parts = word.StartsWith(Prefix, StringComparison.Ordinal) ? word[Prefix.Length..].Split('.') : [];
        if (parts.Length != 3
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int process)
            || !long.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long address)
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int port))
        {
            return false;
        }

        place = new(process, (nint)address, port);
        return true;
    }

    public readonly record struct Place(int Process, nint Address, int Port);
}
