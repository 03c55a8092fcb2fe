using Hal.Cache.Scripting;

namespace Hal.Cache.Gateway.Scripts;

/// <summary>A Lua state with what it has compiled so far. For one run at a time.</summary>
internal sealed class ScriptEngine(int generation) : IDisposable
{
    private readonly Dictionary<Script, int> compiled = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<FunctionLibrary, IReadOnlyList<LibraryFunction>> libraries = new(ReferenceEqualityComparer.Instance);

    public LuaEngine Lua { get; } = new(ScriptRuntime.Version, ScriptRuntime.VersionNumber);

    /// <summary>The cache's generation that it was made in: it ends with it.</summary>
    public int Generation { get; } = generation;

    /// <summary>The script's number in the state; the reason where it can't be compiled.</summary>
    public string? TryGet(Script script, out int number)
    {
        if (compiled.TryGetValue(script, out number)) return null;
        if (Lua.TryCompile(script.Body, "@user_script", out number) is { } error) return $"ERR Error compiling script (new function): {error}";
        compiled.Add(script, number);
        return null;
    }

    /// <summary>A function's number in the state, which loads its library where it has not yet; else the reason.</summary>
    public string? TryGet(FunctionLibrary library, string function, out int number)
    {
        number = 0;
        if (!libraries.TryGetValue(library, out IReadOnlyList<LibraryFunction>? functions))
        {
            if (Lua.TryLoadLibrary(new LoadHost(null), library.Code.AsSpan(library.BodyStart), out functions) is { } error) return "ERR " + error;
            libraries.Add(library, functions);
        }

        LibraryFunction? found = functions.FirstOrDefault(one => one.Name == function);
        number = found?.Number ?? 0;
        return found is null ? "ERR Function not found" : null;
    }

    public void Dispose() => Lua.Dispose();
}
