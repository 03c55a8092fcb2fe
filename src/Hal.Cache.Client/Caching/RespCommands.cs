using System.Buffers;
using System.Globalization;
using System.Text;

namespace Hal.Cache.Client.Caching;

/// <summary>Commands as RESP arrays, one after the other in one buffer.</summary>
internal sealed class RespCommands
{
    private readonly ArrayBufferWriter<byte> bytes = new();

    public int Count { get; private set; }

    public ReadOnlyMemory<byte> Bytes => bytes.WrittenMemory;

    public RespCommands Add(string name, params ReadOnlySpan<ReadOnlyMemory<byte>> arguments)
    {
        Line('*', arguments.Length + 1);
        Bulk(Encoding.ASCII.GetBytes(name));
        foreach (var argument in arguments) Bulk(argument.Span);
        Count++;
        return this;
    }

    public static ReadOnlyMemory<byte> Text(string text) => Encoding.UTF8.GetBytes(text);

    public static ReadOnlyMemory<byte> Number(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private void Bulk(ReadOnlySpan<byte> value)
    {
        Line('$', value.Length);
        bytes.Write(value);
        bytes.Write("\r\n"u8);
    }

    private void Line(char kind, int number) => bytes.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind}{number}\r\n")));
}
