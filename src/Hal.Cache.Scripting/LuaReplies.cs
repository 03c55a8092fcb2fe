using System.Buffers.Text;
using System.Text;
using Hal.Cache.Resp;
using static Hal.Cache.Scripting.LuaNative;

namespace Hal.Cache.Scripting;

/// <summary>Replies as Lua's values and back, by Redis's tables of conversion.</summary>
internal static unsafe class LuaReplies
{
    private const int ItemsAhead = 1 << 16;

    /// <summary>Pushes a command's reply; true where it is an error.</summary>
    public static bool Push(nint state, ReadOnlySpan<byte> reply)
    {
        int at = 0;
        bool isError = reply[0] == (byte)'-';
        Push(state, reply, ref at);
        return isError;
    }

    public static void PushText(nint state, ReadOnlySpan<byte> text)
    {
        fixed (byte* bytes = text) lua_pushlstring(state, bytes, (nuint)text.Length);
    }

    /// <summary>The field, which scripts see in Redis too, of an error that statistics have already.</summary>
    public static ReadOnlySpan<byte> Counted => "ignore_error_stats_update"u8;

    /// <summary>Pushes what redis.call raises: a table with the text.</summary>
    public static void PushError(nint state, ReadOnlySpan<byte> text, bool isCounted = true)
    {
        lua_createtable(state, 0, 2);
        SetField(state, "err"u8, text);
        if (!isCounted) return;
        PushText(state, Counted);
        lua_pushboolean(state, 1);
        lua_rawset(state, -3);
    }

    /// <summary>Writes the value at the top of the stack as a reply; <paramref name="protocol"/> is the one the script asked for.</summary>
    public static void Write(nint state, RespWriter reply, int protocol, int depth = 0)
    {
        if (depth > ScriptLimits.ReplyDepthMax || lua_checkstack(state, 8) == 0)
        {
            reply.Error("ERR reached lua stack limit"u8);
            return;
        }

        switch ((LuaType)lua_type(state, -1))
        {
            case LuaType.String:
                reply.Bulk(Text(state, -1));
                break;
            case LuaType.Boolean when protocol == 3:
                reply.Boolean(lua_toboolean(state, -1) != 0);
                break;
            case LuaType.Boolean when lua_toboolean(state, -1) != 0:
                reply.Integer(1);
                break;
            case LuaType.Number:
                reply.Integer(Integer(state, -1));
                break;
            case LuaType.Table:
                WriteTable(state, reply, protocol, depth);
                break;
            default:
                reply.Null();
                break;
        }
    }

    /// <summary>Whether the value at the top of the stack is an error reply.</summary>
    public static bool IsError(nint state)
    {
        if ((LuaType)lua_type(state, -1) != LuaType.Table) return false;
        bool isError = Field(state, "err"u8) == LuaType.String;
        lua_settop(state, -2);
        return isError;
    }

    /// <summary>A string's bytes where the index has one, valid while it is on the stack.</summary>
    public static ReadOnlySpan<byte> Text(nint state, int index)
    {
        nuint length;
        byte* text = lua_tolstring(state, index, &length);
        return new ReadOnlySpan<byte>(text, (int)length);
    }

    /// <summary>Pushes a table's field, without metamethods.</summary>
    public static LuaType Field(nint state, ReadOnlySpan<byte> name)
    {
        PushText(state, name);
        return (LuaType)lua_rawget(state, -2);
    }

    private static void WriteTable(nint state, RespWriter reply, int protocol, int depth)
    {
        int top = lua_gettop(state);
        if (Field(state, "err"u8) == LuaType.String)
        {
            ReadOnlySpan<byte> text = Text(state, -1);
            reply.Error(text is [(byte)'-', ..] ? text[1..] : text);
        }
        else if (Back(state, top) && Field(state, "ok"u8) == LuaType.String)
        {
            reply.SimpleString(Text(state, -1));
        }
        else if (Back(state, top) && Field(state, "double"u8) == LuaType.Number)
        {
            reply.Double(lua_tonumberx(state, -1, 0));
        }
        else if (Back(state, top) && Field(state, "map"u8) == LuaType.Table)
        {
            reply.MapHeader(Count(state));
            lua_pushnil(state);
            while (lua_next(state, -2) != 0)
            {
                lua_pushvalue(state, -2);
                Write(state, reply, protocol, depth + 1);
                lua_settop(state, -2);
                Write(state, reply, protocol, depth + 1);
                lua_settop(state, -2);
            }
        }
        else if (Back(state, top) && Field(state, "set"u8) == LuaType.Table)
        {
            reply.SetHeader(Count(state));
            lua_pushnil(state);
            while (lua_next(state, -2) != 0)
            {
                lua_settop(state, -2);
                lua_pushvalue(state, -1);
                Write(state, reply, protocol, depth + 1);
                lua_settop(state, -2);
            }
        }
        else if (Back(state, top) && Field(state, "big_number"u8) == LuaType.String)
        {
            // A line end would end the reply in RESP3; Redis writes a space for it in both protocols.
            byte[] digits = Text(state, -1).ToArray();
            digits.AsSpan().Replace((byte)'\r', (byte)' ');
            digits.AsSpan().Replace((byte)'\n', (byte)' ');
            reply.BigNumber(digits);
        }
        else if (Back(state, top) && Field(state, "verbatim_string"u8) == LuaType.Table)
        {
            WriteVerbatim(state, reply);
        }
        else
        {
            lua_settop(state, top);
            WriteArray(state, reply, protocol, depth);
        }

        lua_settop(state, top);
    }

    private static void WriteVerbatim(nint state, RespWriter reply)
    {
        int top = lua_gettop(state);
        if (Field(state, "format"u8) == LuaType.String && Text(state, -1).Length == 3)
        {
            lua_pushvalue(state, top);
            if (Field(state, "string"u8) == LuaType.String)
            {
                reply.Verbatim(Text(state, top + 1), Text(state, -1));
                return;
            }
        }

        reply.Null();
    }

    private static void WriteArray(nint state, RespWriter reply, int protocol, int depth)
    {
        int start = reply.Length;
        int count = 0;
        while (lua_rawgeti(state, -1, count + 1) != (int)LuaType.Nil)
        {
            Write(state, reply, protocol, depth + 1);
            lua_settop(state, -2);
            count++;
        }

        lua_settop(state, -2);
        reply.ArrayHeaderAt(start, count);
    }

    private static int Count(nint state)
    {
        int count = 0;
        lua_pushnil(state);
        while (lua_next(state, -2) != 0)
        {
            lua_settop(state, -2);
            count++;
        }

        return count;
    }

    private static bool Back(nint state, int top)
    {
        lua_settop(state, top);
        return true;
    }

    // As C casts on the machines that Redis runs on: what does not fit is the least integer.
    private static long Integer(nint state, int index)
    {
        if (lua_isinteger(state, index) != 0) return lua_tointegerx(state, index, 0);
        double value = lua_tonumberx(state, index, 0);
        return value is > -9.2233720368547758E18 and < 9.2233720368547758E18 ? (long)value : long.MinValue;
    }

    private static void SetField(nint state, ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        PushText(state, name);
        PushText(state, text);
        lua_rawset(state, -3);
    }

    private static void Push(nint state, ReadOnlySpan<byte> reply, ref int at)
    {
        lua_checkstack(state, 8);
        byte kind = reply[at++];
        int end = at + reply[at..].IndexOf((byte)'\r');
        ReadOnlySpan<byte> line = reply[at..end];
        at = end + 2;
        switch (kind)
        {
            case (byte)'$':
                PushBulk(state, reply, line, ref at);
                break;
            case (byte)':':
                lua_pushinteger(state, Number(line));
                break;
            case (byte)'+':
                lua_createtable(state, 0, 1);
                SetField(state, "ok"u8, line);
                break;
            case (byte)'-':
                PushError(state, line);
                break;
            case (byte)'*' or (byte)'>':
                PushArray(state, reply, Number(line), ref at);
                break;
            case (byte)'|':
                // What is told about the reply that follows: scripts do not see it.
                for (long i = 2 * Number(line); i > 0; i--)
                {
                    Push(state, reply, ref at);
                    lua_settop(state, -2);
                }

                Push(state, reply, ref at);
                break;
            case (byte)'%':
                PushPairs(state, reply, Number(line), true, ref at);
                break;
            case (byte)'~':
                PushPairs(state, reply, Number(line), false, ref at);
                break;
            case (byte)',':
                lua_createtable(state, 0, 1);
                PushText(state, "double"u8);
                lua_pushnumber(state, RedisDouble.TryParse(line, out double value) ? value : double.NaN);
                lua_rawset(state, -3);
                break;
            case (byte)'#':
                lua_pushboolean(state, line[0] == (byte)'t' ? 1 : 0);
                break;
            case (byte)'(':
                lua_createtable(state, 0, 1);
                SetField(state, "big_number"u8, line);
                break;
            case (byte)'=':
                PushVerbatim(state, reply.Slice(at, (int)Number(line)));
                at += (int)Number(line) + 2;
                break;
            default:
                lua_pushnil(state);
                break;
        }
    }

    private static void PushBulk(nint state, ReadOnlySpan<byte> reply, ReadOnlySpan<byte> line, ref int at)
    {
        int length = (int)Number(line);
        if (length < 0)
        {
            lua_pushboolean(state, 0);
            return;
        }

        PushText(state, reply.Slice(at, length));
        at += length + 2;
    }

    private static void PushArray(nint state, ReadOnlySpan<byte> reply, long count, ref int at)
    {
        if (count < 0)
        {
            lua_pushboolean(state, 0);
            return;
        }

        lua_createtable(state, (int)Math.Min(count, ItemsAhead), 0);
        for (long i = 1; i <= count; i++)
        {
            Push(state, reply, ref at);
            lua_rawseti(state, -2, i);
        }
    }

    private static void PushPairs(nint state, ReadOnlySpan<byte> reply, long count, bool isMap, ref int at)
    {
        lua_createtable(state, 0, 1);
        PushText(state, isMap ? "map"u8 : "set"u8);
        lua_createtable(state, 0, (int)Math.Min(count, ItemsAhead));
        for (long i = 0; i < count; i++)
        {
            Push(state, reply, ref at);
            if (isMap) Push(state, reply, ref at);
            else lua_pushboolean(state, 1);
            if (lua_type(state, -2) == (int)LuaType.Nil) lua_settop(state, -3); // nil is no key
            else lua_rawset(state, -3);
        }

        lua_rawset(state, -3);
    }

    private static void PushVerbatim(nint state, ReadOnlySpan<byte> body)
    {
        lua_createtable(state, 0, 1);
        PushText(state, "verbatim_string"u8);
        lua_createtable(state, 0, 2);
        SetField(state, "format"u8, body[..3]);
        SetField(state, "string"u8, body[4..]);
        lua_rawset(state, -3);
    }

    private static long Number(ReadOnlySpan<byte> line) => Utf8Parser.TryParse(line, out long value, out _) ? value : 0;
}
