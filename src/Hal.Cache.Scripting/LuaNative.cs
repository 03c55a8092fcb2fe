using System.Runtime.InteropServices;

namespace Hal.Cache.Scripting;

/// <summary>
/// The part of Lua 5.4's C interface that is used here, from the library that KeraLua brings. A Lua error is a long jump, which must not
/// cross managed frames: nothing here that can raise an error is called outside a protected call, but for lack of memory, which
/// <see cref="LuaMemory"/> does not report while managed code runs.
/// </summary>
internal static unsafe partial class LuaNative
{
    public const int MaskCount = 8;
    public const int RegistryIndex = -1_001_000;
    public const int MultipleResults = -1;
    private const string Library = "lua54";

    [LibraryImport(Library)]
    public static partial nint lua_newstate(delegate* unmanaged<void*, void*, nuint, nuint, void*> allocate, void* user);

    [LibraryImport(Library)]
    public static partial void lua_close(nint state);

    [LibraryImport(Library)]
    public static partial void luaL_openlibs(nint state);

    [LibraryImport(Library)]
    public static partial int luaL_loadbufferx(nint state, byte* text, nuint length, byte* name, byte* mode);

    [LibraryImport(Library)]
    public static partial int lua_pcallk(nint state, int arguments, int results, int handler, nint context, nint continuation);

    [LibraryImport(Library)]
    public static partial void lua_pushcclosure(nint state, delegate* unmanaged<nint, int> function, int upvalues);

    [LibraryImport(Library)]
    public static partial byte* lua_pushlstring(nint state, byte* text, nuint length);

    [LibraryImport(Library)]
    public static partial void lua_createtable(nint state, int items, int fields);

    [LibraryImport(Library)]
    public static partial void lua_rawset(nint state, int index);

    [LibraryImport(Library)]
    public static partial void lua_rawseti(nint state, int index, long at);

    [LibraryImport(Library)]
    public static partial int luaL_ref(nint state, int table);

    [LibraryImport(Library)]
    public static partial void luaL_unref(nint state, int table, int reference);

    [LibraryImport(Library)]
    public static partial int lua_gc(nint state, int what, int data);

    [LibraryImport(Library)]
    public static partial byte* lua_setupvalue(nint state, int function, int upvalue);

    [LibraryImport(Library)]
    public static partial int lua_checkstack(nint state, int slots);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial void lua_sethook(nint state, nint hook, int mask, int count);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int lua_gettop(nint state);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial void lua_settop(nint state, int top);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial void lua_pushvalue(nint state, int index);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial void lua_pushnil(nint state);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial void lua_pushinteger(nint state, long value);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial void lua_pushnumber(nint state, double value);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial void lua_pushlightuserdata(nint state, nint value);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial void lua_pushboolean(nint state, int value);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int lua_type(nint state, int index);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int lua_isinteger(nint state, int index);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int lua_toboolean(nint state, int index);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial long lua_tointegerx(nint state, int index, nint isInteger);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial double lua_tonumberx(nint state, int index, nint isNumber);

    /// <summary>For strings only: of a number it would make a string, in place.</summary>
    [LibraryImport(Library), SuppressGCTransition]
    public static partial byte* lua_tolstring(nint state, int index, nuint* length);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int lua_rawget(nint state, int index);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int lua_rawgeti(nint state, int index, long at);

    /// <summary>The key's successor in a table; needs a key that is in it.</summary>
    [LibraryImport(Library), SuppressGCTransition]
    public static partial int lua_next(nint state, int index);
}
