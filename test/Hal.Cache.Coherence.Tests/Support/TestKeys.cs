using System.Text;

namespace Hal.Cache.Coherence.Tests.Support;

internal static class TestKeys
{
    /// <summary>A key whose hash is the one given.</summary>
    public static ObjectKey Key(string name, ulong hash) => new(new KeyId(hash, 0), Encoding.ASCII.GetBytes(name));
}
