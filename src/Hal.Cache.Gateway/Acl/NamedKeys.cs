using System.Text;
using Hal.Cache.Gateway.Commands;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Acl;

/// <summary>What a command's argument names without a key of it being read or changed, and what its user must be permitted all the same.</summary>
internal enum NamedKind
{
    /// <summary>One key.</summary>
    Key,

    /// <summary>All keys that begin so.</summary>
    Prefix,

    /// <summary>All keys that match the glob.</summary>
    Pattern,

    /// <summary>Keys that the control plane was told of under a name: which ones is not known here.</summary>
    Manifest,
}

/// <summary>An argument that names keys.</summary>
internal readonly record struct NamedKeys(int Arg, NamedKind Kind)
{
    /// <summary>All arguments from one on, each a key.</summary>
    public static IEnumerable<NamedKeys> From(CommandContext c, int first) => Enumerable.Range(first, Math.Max(0, c.Count - first)).Select(arg => new NamedKeys(arg, NamedKind.Key));

    /// <summary>What the options of a command that schedules name, as <see cref="PlaneArguments"/> reads them.</summary>
    public static IEnumerable<NamedKeys> OfOptions(CommandContext c, int first)
    {
        for (int arg = first; arg + 1 < c.Count; arg += 2)
        {
            if (c.IsLarge(arg)) yield break; // no word is as long
            if (Ascii.EqualsIgnoreCase(c.Arg(arg), "keys"u8))
            {
                foreach (NamedKeys key in From(c, arg + 1)) yield return key;
                yield break;
            }

            if (Ascii.EqualsIgnoreCase(c.Arg(arg), "prefix"u8)) yield return new(arg + 1, NamedKind.Prefix);
            else if (Ascii.EqualsIgnoreCase(c.Arg(arg), "manifest"u8)) yield return new(arg + 1, NamedKind.Manifest);
        }
    }

    /// <summary>Whether a user's key pattern permits all that is named; where that is hard to tell it does not.</summary>
    public bool IsWithin(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> named) => Kind switch
    {
        NamedKind.Key => GlobPattern.IsMatch(pattern, named),
        NamedKind.Prefix => Begins(pattern, named),
        NamedKind.Pattern => pattern.SequenceEqual(named) || Begins(pattern, Front(named)),
        _ => pattern.SequenceEqual("*"u8),
    };

    // What begins with more than the pattern's own front is matched by it where nothing but a star follows that.
    private static bool Begins(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> named)
    {
        ReadOnlySpan<byte> front = Front(pattern);
        return pattern.Length == front.Length + 1 && pattern[^1] == (byte)'*' && named.StartsWith(front);
    }

    private static ReadOnlySpan<byte> Front(ReadOnlySpan<byte> pattern)
    {
        int end = pattern.IndexOfAny("*?[\\"u8);
        return end < 0 ? pattern : pattern[..end];
    }
}
