using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using Hal.Cache.Resp;
using static Hal.Cache.Scripting.LuaNative;

namespace Hal.Cache.Scripting;

/// <summary>One Lua state with Redis's sandbox. For one script at a time, on any thread.</summary>
public sealed unsafe class LuaEngine : IDisposable
{
    // Keeps the script's frame on the stack when it ends in a call: a block with such a variable has no tail calls. The
    // semicolon has a script that begins with an operator fail.
    private static readonly byte[] Prologue = "local __frame <close> = nil; "u8.ToArray();

    // Lua's own function that raises an error, in a hook's place: its second argument, here a record that begins with the number of the
    // event, is a C string to it. No managed frame is on the stack when it jumps.
    private static readonly nint RaisingHook = NativeLibrary.GetExport(NativeLibrary.Load("lua54", typeof(LuaEngine).Assembly, null), "luaL_error");

    private readonly LuaMemory* memory;
    private readonly ScriptRequest request = new();
    private readonly nint state;
    private readonly int handler;
    private readonly int environment;
    private readonly int globals;
    private readonly int libraryLoader;
    private GCHandle self;
    private IScriptHost? host;
    private Exception? fault;
    private bool stops;
    private int protocol;

    public LuaEngine(string version, int versionNumber, long memoryBytesMax = ScriptLimits.MemoryBytesMax)
    {
        memory = (LuaMemory*)NativeMemory.AllocZeroed((nuint)sizeof(LuaMemory));
        memory->Limit = memoryBytesMax;
        memory->IsManaged = 1;
        state = lua_newstate(&LuaMemory.Allocate, memory);
        self = GCHandle.Alloc(this, GCHandleType.Weak);
        *(nint*)(state - sizeof(nint)) = GCHandle.ToIntPtr(self); // Lua leaves this room before each of its states, new coroutines get a copy
        luaL_openlibs(state);
        if (Load(LuaSandbox.Resource("sandbox"), "=sandbox") is { } error) throw new InvalidOperationException(error);
        lua_createtable(state, 0, 8);
        SetFunction("call"u8, &Call);
        SetFunction("sha1hex"u8, &Sha1Hex);
        SetFunction("log"u8, &Log);
        SetFunction("setresp"u8, &SetProtocol);
        SetFunction("acl_check_cmd"u8, &MayCall);
        LuaSandbox.PushSettings(state, version, versionNumber);
        if (lua_pcallk(state, 2, 4, 0, 0, 0) != 0) throw new InvalidOperationException(Encoding.Latin1.GetString(LuaReplies.Text(state, -1)));
        libraryLoader = luaL_ref(state, RegistryIndex);
        globals = luaL_ref(state, RegistryIndex);
        environment = luaL_ref(state, RegistryIndex);
        handler = luaL_ref(state, RegistryIndex);
    }

    /// <summary>Bytes that the state has allocated.</summary>
    public long MemoryBytes => memory->Used;

    /// <summary>Compiles a script, to be run by the number that it gets; the reason where that fails.</summary>
    public string? TryCompile(ReadOnlySpan<byte> body, string name, out int script)
    {
        script = 0;
        if (Load([.. Prologue, .. body], name) is { } error) return error;
        script = luaL_ref(state, RegistryIndex);
        return null;
    }

    /// <summary>Forgets a compiled script.</summary>
    public void Forget(int script) => luaL_unref(state, RegistryIndex, script);

    /// <summary>Begins a run of a script: what is added next are its keys and arguments.</summary>
    public void Begin(int script)
    {
        lua_settop(state, 0);
        lua_rawgeti(state, RegistryIndex, handler);
        lua_rawgeti(state, RegistryIndex, script);
        lua_rawgeti(state, RegistryIndex, environment);
        lua_setupvalue(state, 2, 1); // a script may have changed its own
    }

    /// <summary>Begins a run of a function of a library's; the two arrays that are added next are its keys and arguments.</summary>
    public void BeginFunction(int function)
    {
        lua_settop(state, 0);
        lua_rawgeti(state, RegistryIndex, handler);
        lua_rawgeti(state, RegistryIndex, function);
        foreach (string name in (string[])["KEYS", "ARGV"])
        {
            lua_rawgeti(state, RegistryIndex, globals);
            LuaReplies.PushText(state, Encoding.ASCII.GetBytes(name));
            lua_pushnil(state);
            lua_rawset(state, -3);
            lua_settop(state, -2);
        }
    }

    /// <summary>Runs a library's text, and gives the functions that it registers, by their numbers; else the error.</summary>
    public string? TryLoadLibrary(IScriptHost host, ReadOnlySpan<byte> body, out IReadOnlyList<LibraryFunction> functions)
    {
        functions = [];
        lua_settop(state, 0);
        lua_rawgeti(state, RegistryIndex, handler);
        lua_rawgeti(state, RegistryIndex, libraryLoader);
        if (Load([.. Prologue, .. body], "@user_function") is { } error) return $"Error compiling function: {error}";
        lua_rawgeti(state, RegistryIndex, environment);
        lua_setupvalue(state, 3, 1);
        try
        {
            if (!RunProtected(host, 1))
                return stops ? "FUNCTION LOAD timeout" : $"Error registering functions: {Failure().Text}";
            functions = Registered();
            return functions.Count > 0 ? null : "No functions registered";
        }
        finally
        {
            lua_settop(state, 0);
        }
    }

    /// <summary>Begins an array of so many strings.</summary>
    public void BeginArray(int count) => lua_createtable(state, count, 0);

    /// <summary>Sets an item of the array, from 1 on.</summary>
    public void AddItem(int at, ReadOnlySpan<byte> text)
    {
        LuaReplies.PushText(state, text);
        lua_rawseti(state, -2, at);
    }

    /// <summary>Makes the array a global.</summary>
    public void EndGlobal(ReadOnlySpan<byte> name)
    {
        lua_rawgeti(state, RegistryIndex, globals);
        LuaReplies.PushText(state, name);
        lua_pushvalue(state, -3);
        lua_rawset(state, -3);
        lua_settop(state, -3);
    }

    /// <summary>
    /// Runs what was begun with so many arrays as its arguments, and writes its result, with <paramref name="failure"/> where that is an
    /// error; false with the error that ended it, null where the host had it end.
    /// </summary>
    public bool TryRun(IScriptHost host, int arguments, RespWriter reply, out ScriptFailure? failure)
    {
        failure = null;
        bool isDone = RunProtected(host, arguments);
        if (isDone)
        {
            if (LuaReplies.IsError(state)) failure = Failure();
            LuaReplies.Write(state, reply, protocol);
        }
        else if (!stops)
        {
            failure = Failure();
        }

        lua_settop(state, 0);
        if (memory->Used > ScriptLimits.MemoryBytesKept) lua_gc(state, 2, 0);
        return isDone;
    }

    public void Dispose()
    {
        lua_close(state);
        NativeMemory.Free(memory);
        self.Free();
    }

    /// <summary>Calls what is on the stack above the handler; false where it raised an error, which is then on top, or was ended.</summary>
    private bool RunProtected(IScriptHost host, int arguments)
    {
        (this.host, fault, stops, protocol) = (host, null, false, 2);
        lua_sethook(state, (nint)(delegate* unmanaged<nint, nint, void>)&Tick, MaskCount, ScriptLimits.StepsPerTick);
        memory->Refusals = 0;
        memory->IsManaged = 0;
        int status = lua_pcallk(state, arguments, 1, 1, 0, 0);
        memory->IsManaged = 1;
        this.host = null;
        if (fault is not null) ExceptionDispatchInfo.Throw(fault);
        return status == 0 && !stops;
    }

    private List<LibraryFunction> Registered()
    {
        var functions = new List<LibraryFunction>();
        for (int i = 1; lua_rawgeti(state, 2, i) == (int)LuaType.Table; i++)
        {
            string name = TextField("name"u8) ?? "";
            string? description = TextField("description"u8);
            string flags = TextField("flags"u8) ?? "";
            LuaReplies.Field(state, "callback"u8);
            functions.Add(new LibraryFunction(name, luaL_ref(state, RegistryIndex), description, flags));
            lua_settop(state, 2);
        }

        return functions;
    }

    private string? TextField(ReadOnlySpan<byte> name)
    {
        string? text = LuaReplies.Field(state, name) == LuaType.String ? Encoding.Latin1.GetString(LuaReplies.Text(state, -1)) : null;
        lua_settop(state, -2);
        return text;
    }

    private static LuaEngine Of(nint state) => (LuaEngine)GCHandle.FromIntPtr(*(nint*)(state - sizeof(nint))).Target!;

    [UnmanagedCallersOnly]
    private static int Call(nint state)
    {
        LuaEngine engine = Of(state);
        engine.memory->IsManaged = 1;
        int results = engine.Call(state, lua_gettop(state));
        engine.memory->IsManaged = 0;
        return results;
    }

    [UnmanagedCallersOnly]
    private static int MayCall(nint state)
    {
        LuaEngine engine = Of(state);
        engine.memory->IsManaged = 1;
        int count = lua_gettop(state);
        bool? may = engine.request.TryBuild(state, count) ? engine.Guard(e => e.host!.MayCall(e.request.Bytes, count)) : null;
        if (may is { } known) lua_pushboolean(state, known ? 1 : 0);
        else lua_pushnil(state);
        engine.memory->IsManaged = 0;
        return 1;
    }

    [UnmanagedCallersOnly]
    private static int Sha1Hex(nint state)
    {
        LuaEngine engine = Of(state);
        engine.memory->IsManaged = 1;
        LuaReplies.PushText(state, Sha1.Hex(LuaReplies.Text(state, 1)));
        engine.memory->IsManaged = 0;
        return 1;
    }

    [UnmanagedCallersOnly]
    private static int Log(nint state)
    {
        LuaEngine engine = Of(state);
        engine.memory->IsManaged = 1;
        int level = (int)lua_tointegerx(state, 1, 0);
        string text = Encoding.UTF8.GetString(LuaReplies.Text(state, 2));
        engine.Guard(e =>
        {
            e.host?.Log(level, text);
            return true;
        });
        engine.memory->IsManaged = 0;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int SetProtocol(nint state)
    {
        LuaEngine engine = Of(state);
        engine.protocol = (int)lua_tointegerx(state, 1, 0);
        engine.Guard(e =>
        {
            e.host?.SetProtocol(e.protocol);
            return true;
        });
        return 0;
    }

    [UnmanagedCallersOnly]
    private static void Tick(nint state, nint record)
    {
        LuaEngine engine = Of(state);
        engine.memory->IsManaged = 1;
        if (engine.stops || engine.host is null || !engine.Guard(e => e.host!.GoesOn())) engine.Stop(state);
        engine.memory->IsManaged = 0;
    }

    /// <summary>Answers two values: whether it failed, and the reply or the error.</summary>
    private int Call(nint state, int count)
    {
        if (stops || host is null)
        {
            Stop(state);
            return Fail(state, "ERR redis.call can only be called inside a script invocation"u8);
        }

        if (count == 0) return Fail(state, "ERR Please specify at least one argument for this redis lib call"u8);
        if (count > ScriptLimits.ArgumentsMax) return Fail(state, "ERR too many arguments"u8);
        ReadOnlyMemory<byte> reply = default;
        try
        {
            if (!request.TryBuild(state, count)) return Fail(state, "ERR Lua redis lib command arguments must be strings or integers"u8);
            if (!host.TryCall(request.Bytes, count, out reply))
            {
                Stop(state);
                return Fail(state, "ERR the script was ended"u8);
            }
        }
        catch (Exception e) // no exception may leave a function that Lua calls; the run throws it
        {
            fault = e;
            Stop(state);
            return Fail(state, "ERR the script was ended"u8);
        }

        lua_settop(state, 0);
        lua_checkstack(state, 8);
        lua_pushboolean(state, reply.Span[0] == (byte)'-' ? 1 : 0);
        LuaReplies.Push(state, reply.Span);
        return 2;
    }

    private static int Fail(nint state, ReadOnlySpan<byte> text)
    {
        lua_settop(state, 0);
        lua_pushboolean(state, 1);
        LuaReplies.PushError(state, text, isCounted: false);
        return 2;
    }

    /// <summary>Has each instruction from here on raise an error, so that no pcall of the script's goes on.</summary>
    private void Stop(nint running)
    {
        stops = true;
        lua_sethook(running, RaisingHook, MaskCount, 1);
        lua_sethook(state, RaisingHook, MaskCount, 1);
    }

    private T Guard<T>(Func<LuaEngine, T> work)
    {
        try
        {
            return work(this);
        }
        catch (Exception e) // no exception may leave a function that Lua calls; the run throws it
        {
            fault = e;
            stops = true;
            return default!;
        }
    }

    /// <summary>The error at the top of the stack, which stays there.</summary>
    private ScriptFailure Failure()
    {
        int top = lua_gettop(state);
        if ((LuaType)lua_type(state, -1) != LuaType.Table)
        {
            string raised = (LuaType)lua_type(state, -1) == LuaType.String ? Encoding.Latin1.GetString(LuaReplies.Text(state, -1)) : "unknown error";
            return new ScriptFailure("ERR " + raised, "", 0);
        }

        string text = LuaReplies.Field(state, "err"u8) == LuaType.String ? Encoding.Latin1.GetString(LuaReplies.Text(state, -1)) : "ERR unknown error";
        lua_settop(state, -2);
        string source = LuaReplies.Field(state, "source"u8) == LuaType.String ? Encoding.Latin1.GetString(LuaReplies.Text(state, -1)) : "";
        lua_settop(state, -2);
        LuaReplies.Field(state, "line"u8);
        long line = lua_tointegerx(state, -1, 0);
        lua_settop(state, -2);
        bool isCounted = LuaReplies.Field(state, LuaReplies.Counted) == LuaType.Boolean && lua_toboolean(state, -1) != 0;
        lua_settop(state, top);
        return new ScriptFailure(text.StartsWith('-') ? text[1..] : text, source, line, isCounted);
    }

    private string? Load(ReadOnlySpan<byte> text, string name)
    {
        byte[] chunkName = [.. Encoding.Latin1.GetBytes(name), 0];
        int status;
        fixed (byte* bytes = text, chunk = chunkName, mode = "t\0"u8) status = luaL_loadbufferx(state, bytes, (nuint)text.Length, chunk, mode);
        if (status == 0) return null;
        string error = Encoding.Latin1.GetString(LuaReplies.Text(state, -1));
        lua_settop(state, -2);

        // Lua 5.1 quotes what it calls its tokens.
        return error.Replace(" <eof>", " '<eof>'", StringComparison.Ordinal).Replace(" <name>", " '<name>'", StringComparison.Ordinal);
    }

    private void SetFunction(ReadOnlySpan<byte> name, delegate* unmanaged<nint, int> function)
    {
        LuaReplies.PushText(state, name);
        lua_pushcclosure(state, function, 0);
        lua_rawset(state, -3);
    }
}
