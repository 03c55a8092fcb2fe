using System.Text;

namespace Hal.Cache.Resp.Tests;

/// <summary>Bytes from texts whose characters stand for one byte each, and back.</summary>
internal static class Bytes
{
    public static byte[] Of(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public static byte[] Concat(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    public static byte[] Request(params string[] args)
    {
        using var writer = new RespWriter();
        writer.ArrayHeader(args.Length);
        foreach (var arg in args) writer.Bulk(Of(arg));
        return writer.WrittenSpan.ToArray();
    }

    public static string[] Args(RespRequestParser parser, byte[] input) =>
        [.. Enumerable.Range(0, parser.Count).Select(i => Text(parser.Arg(i, input)))];
}
