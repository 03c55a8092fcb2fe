using System.Globalization;
using System.Text;
using Hal.Cache.Resp;
using static Hal.Cache.Scripting.LuaNative;

namespace Hal.Cache.Scripting;

/// <summary>Builds a command's request from the arguments on Lua's stack. Not thread-safe.</summary>
internal sealed unsafe class ScriptRequest
{
    private const int BytesKept = 64 << 10;
    private byte[] buffer = new byte[512];
    private int length;

    public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

    /// <summary>False where an argument is neither string nor number.</summary>
    public bool TryBuild(nint state, int count)
    {
        if (buffer.Length > BytesKept) buffer = new byte[512];
        length = 0;
        Header((byte)'*', count);
        Span<byte> digits = stackalloc byte[RedisInteger.BytesMax];
        for (int i = 1; i <= count; i++)
        {
            switch ((LuaType)lua_type(state, i))
            {
                case LuaType.String:
                    nuint bytes;
                    byte* text = lua_tolstring(state, i, &bytes);
                    Add(new ReadOnlySpan<byte>(text, checked((int)bytes)));
                    break;
                case LuaType.Number when lua_isinteger(state, i) != 0:
                    Add(digits[..RedisInteger.Format(lua_tointegerx(state, i, 0), digits)]);
                    break;
                case LuaType.Number:
                    double value = lua_tonumberx(state, i, 0);
                    if (value == Math.Floor(value) && Math.Abs(value) < 1L << 62) Add(digits[..RedisInteger.Format((long)value, digits)]);
                    else Add(Encoding.ASCII.GetBytes(TextOf(value)));
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    // As C's %.17g.
    private static string TextOf(double value) =>
        double.IsNaN(value) ? (double.IsNegative(value) ? "-nan" : "nan")
        : double.IsInfinity(value) ? (value > 0 ? "inf" : "-inf")
        : value.ToString("G17", CultureInfo.InvariantCulture).Replace('E', 'e');

    private void Add(ReadOnlySpan<byte> text)
    {
        Header((byte)'$', text.Length);
        Reserve(text.Length + 2);
        text.CopyTo(buffer.AsSpan(length));
        length += text.Length;
        "\r\n"u8.CopyTo(buffer.AsSpan(length));
        length += 2;
    }

    private void Header(byte kind, long value)
    {
        Reserve(RedisInteger.BytesMax + 3);
        buffer[length++] = kind;
        length += RedisInteger.Format(value, buffer.AsSpan(length));
        "\r\n"u8.CopyTo(buffer.AsSpan(length));
        length += 2;
    }

    private void Reserve(int bytes)
    {
        if (bytes > buffer.Length - length) Array.Resize(ref buffer, checked((int)Math.Max((long)length + bytes, Math.Min(2L * buffer.Length, Array.MaxLength))));
    }
}
