using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Hal.Cache.Scripting;

/// <summary>The names of scripts: their SHA-1 in 40 lower hexadecimal digits.</summary>
public static class Sha1
{
    [SuppressMessage("Security", "CA5350", Justification = "Scripts are named by their SHA-1 in Redis's protocol; nothing is secured by it.")]
    public static byte[] Hex(ReadOnlySpan<byte> text) => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(text)));
}
