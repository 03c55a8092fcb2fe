using System.Globalization;
using System.Security.Cryptography;

namespace Hal.Cache.Peers;

/// <summary>
/// How an instance tells a peer where its memory is: a word of the handshake, with the process, a token's address and bytes, and the port that the peer
/// comes from. A peer that finds the token there is on the same machine, may read, and can't mean another process.
/// </summary>
internal static class MemoryOffer
{
    public const int TokenBytes = 16;

    private const string Prefix = "memory=";

    // It never moves, and is there as long as the process.
    private static readonly byte[] Token = NewToken();

    /// <summary>What to say to the peer whose end of the connection has this port.</summary>
    public static unsafe string Word(int port)
    {
        fixed (byte* address = Token)
            return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}.{(nint)address:x}.{Convert.ToHexString(Token)}.{port}");
    }

    public static bool TryParse(string word, out Place place)
    {
        place = default;
        string[] parts = word.StartsWith(Prefix, StringComparison.Ordinal) ? word[Prefix.Length..].Split('.') : [];
        if (parts.Length != 4 || parts[2].Length != 2 * TokenBytes || !parts[2].All(char.IsAsciiHexDigit)
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int process)
            || !long.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long address)
            || !int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out int port))
        {
            return false;
        }

        place = new(process, (nint)address, Convert.FromHexString(parts[2]), port);
        return true;
    }

    private static byte[] NewToken()
    {
        byte[] token = GC.AllocateArray<byte>(TokenBytes, pinned: true);
        RandomNumberGenerator.Fill(token);
        return token;
    }

    public readonly record struct Place(int Process, nint Address, byte[] Token, int Port);
}
