using System.Text;
using static Hal.Cache.Scripting.LuaNative;

namespace Hal.Cache.Scripting;

/// <summary>What a state's sandbox is made of: Lua texts in this assembly, and what they are told.</summary>
internal static unsafe class LuaSandbox
{
    private static readonly string[] Libraries = ["bit", "cjson", "cmsgpack", "struct"];

    /// <summary>A Lua text by its name.</summary>
    public static byte[] Resource(string name)
    {
        using Stream stream = typeof(LuaSandbox).Assembly.GetManifestResourceStream(name + ".lua")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Pushes a table of what the sandbox has to know: the version of Redis that scripts see, and the libraries' texts.</summary>
    public static void PushSettings(nint state, string version, int versionNumber)
    {
        lua_createtable(state, 0, 3);
        LuaReplies.PushText(state, "version"u8);
        LuaReplies.PushText(state, Encoding.ASCII.GetBytes(version));
        lua_rawset(state, -3);
        LuaReplies.PushText(state, "version_number"u8);
        lua_pushinteger(state, versionNumber);
        lua_rawset(state, -3);
        LuaReplies.PushText(state, "null"u8);
        lua_pushlightuserdata(state, 0);
        lua_rawset(state, -3);
        LuaReplies.PushText(state, "libraries"u8);
        lua_createtable(state, 0, Libraries.Length);
        foreach (string library in Libraries)
        {
            LuaReplies.PushText(state, Encoding.ASCII.GetBytes(library));
            LuaReplies.PushText(state, Resource(library));
            lua_rawset(state, -3);
        }

        lua_rawset(state, -3);
    }
}
