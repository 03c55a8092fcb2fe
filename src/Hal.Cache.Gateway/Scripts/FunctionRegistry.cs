using System.Text;
using Hal.Cache.Resp;
using Hal.Cache.Scripting;

namespace Hal.Cache.Gateway.Scripts;

/// <summary>The libraries of functions, kept in a file where one is named: a change is made once it is on disk. Thread-safe.</summary>
internal sealed class FunctionRegistry(ScriptRuntime runtime, FunctionsFile? file)
{
    private readonly Lock gate = new();
    private Dictionary<string, FunctionLibrary> libraries = new(StringComparer.Ordinal);
    private Dictionary<string, (FunctionLibrary Library, LibraryEntry Entry)> functions = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyCollection<FunctionLibrary> Libraries
    {
        get
        {
            lock (gate) return [.. libraries.Values.OrderBy(library => library.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>A function by its name in any case.</summary>
    public bool TryFind(string name, out (FunctionLibrary Library, LibraryEntry Entry) found)
    {
        lock (gate) return functions.TryGetValue(name, out found);
    }

    /// <summary>Loads a library; the error where it can't be. Nothing changes then.</summary>
    public string? TryLoad(ReadOnlySpan<byte> code, bool replaces, out string name)
    {
        if (TryRead(code, out FunctionLibrary? library, out name) is { } error) return error;
        lock (gate)
        {
            if (!replaces && libraries.ContainsKey(name)) return $"ERR Library '{name}' already exists";
            return TrySet([.. libraries.Values.Where(other => other.Name != library!.Name), library!]);
        }
    }

    /// <summary>Loads many at once: instead of all that are there, beside them, or in place of those with their names.</summary>
    public string? TryRestore(IEnumerable<byte[]> codes, bool flushes, bool replaces)
    {
        var restored = new List<FunctionLibrary>();
        foreach (byte[] code in codes)
        {
            if (TryRead(code, out FunctionLibrary? library, out _) is { } error) return error;
            if (restored.Exists(other => other.Name == library!.Name)) return $"ERR Library {library!.Name} already exists";
            restored.Add(library!);
        }

        lock (gate)
        {
            if (flushes) return TrySet(restored);
            HashSet<string> names = [.. restored.Select(library => library.Name)];
            if (!replaces && restored.Find(library => libraries.ContainsKey(library.Name)) is { } there) return $"ERR Library {there.Name} already exists";
            return TrySet([.. libraries.Values.Where(library => !names.Contains(library.Name)), .. restored]);
        }
    }

    /// <summary>Deletes a library; the error where it can't be.</summary>
    public string? TryDelete(string name)
    {
        lock (gate) return libraries.ContainsKey(name) ? TrySet([.. libraries.Values.Where(library => library.Name != name)]) : "ERR Library not found";
    }

    /// <summary>Deletes all libraries; the error where that can't be kept.</summary>
    public string? TryFlush()
    {
        lock (gate) return TrySet([]);
    }

    /// <summary>Loads what an earlier process kept; what is wrong with it, else null.</summary>
    public string? TryLoadKept()
    {
        if (file is null) return null;
        if (file.TryLoad(out List<byte[]> codes) is { } error) return error;
        var kept = new List<FunctionLibrary>();
        foreach (byte[] code in codes)
        {
            if (TryRead(code, out FunctionLibrary? library, out string name) is { } wrong) return $"the library {name} of {file.Path} can't be loaded: {wrong}";
            kept.Add(library!);
        }

        lock (gate) return TrySet(kept, isKept: true);
    }

    private string? TrySet(List<FunctionLibrary> all, bool isKept = false)
    {
        var byName = new Dictionary<string, (FunctionLibrary Library, LibraryEntry Entry)>(StringComparer.OrdinalIgnoreCase);
        foreach (FunctionLibrary library in all)
        {
            foreach (LibraryEntry entry in library.Functions)
            {
                if (!byName.TryAdd(entry.Name, (library, entry))) return $"ERR Function {entry.Name} already exists";
            }
        }

        if (!isKept && file?.TrySave(all) is { } wrong) return wrong;
        (libraries, functions) = (all.ToDictionary(library => library.Name, StringComparer.Ordinal), byName);
        runtime.Renew();
        return null;
    }

    private string? TryRead(ReadOnlySpan<byte> code, out FunctionLibrary? library, out string name)
    {
        library = null;
        if (TryReadFirstLine(code, out name, out int start) is { } error) return error;
        library = new FunctionLibrary(name, code.ToArray(), start);
        using var engine = new ScriptEngine(-1);
        if (engine.Lua.TryLoadLibrary(new LoadHost(runtime.Log), code[start..], out IReadOnlyList<LibraryFunction> functions) is { } wrong) return "ERR " + wrong;
        library = library with { Functions = [.. functions.Select(Entry)] };
        return null;
    }

    private static LibraryEntry Entry(LibraryFunction function)
    {
        string[] names = function.Flags.Split(',', StringSplitOptions.RemoveEmptyEntries);
        ScriptFlags flags = names.Aggregate(ScriptFlags.None, (all, name) => all | Array.Find(ScriptShebang.Names, known => known.Name == name).Flag);
        return new LibraryEntry(function.Name, function.Description, names, flags);
    }

    private static string? TryReadFirstLine(ReadOnlySpan<byte> code, out string name, out int start)
    {
        (name, start) = ("", 0);
        if (!code.StartsWith("#!"u8)) return "ERR Missing library metadata";
        start = code.IndexOf((byte)'\n');
        if (start < 0) return "ERR Invalid library metadata";
        var parser = new RespRequestParser(); // the line has the rules of an inline request, quotes included
        byte[] line = [.. code[..(start + 1)]];
        if (parser.Parse(line) != ParseResult.Command) return "ERR Invalid library metadata";
        var parts = new string[parser.Count];
        for (int i = 0; i < parts.Length; i++) parts[i] = Encoding.Latin1.GetString(parser.Arg(i, line));
        string engine = parts[0][2..];
        string? given = null;
        foreach (string part in parts.Skip(1))
        {
            if (!part.StartsWith("name=", StringComparison.Ordinal)) return $"ERR Invalid metadata value given: {part}";
            if (given is not null) return "ERR Invalid metadata value, name argument was given multiple times";
            given = part["name=".Length..];
        }

        if (given is null) return "ERR Library name was not given";
        if (given.Length == 0 || !given.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            return "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";
        if (!engine.Equals("lua", StringComparison.OrdinalIgnoreCase)) return $"ERR Engine '{engine}' not found";
        name = given;
        return null;
    }
}
