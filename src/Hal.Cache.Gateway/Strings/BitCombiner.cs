using System.Numerics;

namespace Hal.Cache.Gateway.Strings;

/// <summary>Bitwise operations over spans, a vector at a time.</summary>
internal static class BitCombiner
{
    /// <summary>
    /// Combines a source into the target, which holds the result of those before it. A source that is shorter counts as filled up with
    /// zeros; <see cref="BitOperation.Not"/> writes the source's complement.
    /// </summary>
    public static void Combine(BitOperation operation, Span<byte> target, ReadOnlySpan<byte> source)
    {
        int common = Math.Min(target.Length, source.Length);
        Span<byte> rest = target[common..];
        target = target[..common];
        source = source[..common];
        int at = 0;
        for (; at <= common - Vector<byte>.Count; at += Vector<byte>.Count)
        {
            var right = new Vector<byte>(source[at..]);
            var left = new Vector<byte>(target[at..]);
            (operation switch
            {
                BitOperation.And => left & right,
                BitOperation.Or => left | right,
                BitOperation.Xor => left ^ right,
                _ => ~right,
            }).CopyTo(target[at..]);
        }

        for (; at < common; at++)
        {
            target[at] = operation switch
            {
                BitOperation.And => (byte)(target[at] & source[at]),
                BitOperation.Or => (byte)(target[at] | source[at]),
                BitOperation.Xor => (byte)(target[at] ^ source[at]),
                _ => (byte)~source[at],
            };
        }

        if (operation == BitOperation.And) rest.Clear();
        else if (operation == BitOperation.Not) rest.Fill(0xFF);
    }
}
