using System.Collections.Concurrent;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Scripting;

namespace Hal.Cache.Gateway.Scripts;

/// <summary>The cached scripts, the Lua states that run them, and the script that runs now. Thread-safe.</summary>
internal sealed class ScriptRuntime(ServerState server)
{
    /// <summary>The version of Redis whose interface scripts see.</summary>
    public const string Version = "7.2.0";

    public const int VersionNumber = 0x070200;

    private const int EnginesKept = 4;

    /// <summary>Longest script that is known by its text, in bytes.</summary>
    private const int KnownTextBytesMax = 4096;

    private readonly ConcurrentDictionary<string, Script> scripts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<byte[], Script> byText = new(ByteKeys.Comparer);
    private readonly ConcurrentQueue<Script> evaluated = new();
    private readonly ConcurrentStack<ScriptEngine> idle = new();
    private long bytes;
    private volatile int generation;
    private volatile ScriptRun? busy;
    private CommandDispatcher? dispatcher;
    private FunctionRegistry? functions;

    /// <summary>Time after which other clients are told that a script is running.</summary>
    public TimeSpan BusyAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The script that runs now, null for none.</summary>
    public ScriptRun? Running { get; set; }

    /// <summary>Scripts of this instance's clients that run elsewhere; null where all run here.</summary>
    public ScriptWatch? Elsewhere { get; init; }

    /// <summary>A script has run for longer than <see cref="BusyAfter"/>.</summary>
    public bool IsBusy => busy is not null || Elsewhere?.BusyText is not null;

    /// <summary>What other clients are answered meanwhile.</summary>
    public string BusyText => Elsewhere?.BusyText is { } text ? text
        : busy?.IsFunction == true
        ? "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
        : "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";

    public int Count => scripts.Count;

    /// <summary>Bytes of the cached scripts' texts.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>The rules by which scripts' commands are admitted.</summary>
    public CommandDispatcher Dispatcher => dispatcher ??= new CommandDispatcher(server);

    public FunctionRegistry Functions => functions ??= new FunctionRegistry(this, server.Options.FunctionsFile is { } file ? new FunctionsFile(file) : null);

    /// <summary>Takes a line of redis.log's for the process's log.</summary>
    public void Log(int level, string text) => server.Options.ScriptLog?.Invoke(level, text);

    /// <summary>Has states that hold what is no longer there end after their run.</summary>
    public void Renew() => Interlocked.Increment(ref generation);

    public Script? Find(string sha) => scripts.GetValueOrDefault(sha);

    /// <summary>Whether the command may write: it does not where it runs a script, or a function, that says so of itself; as far as that is known here.</summary>
    public bool MayWrite(CommandContext c)
    {
        CommandFlags flags = c.Spec.Flags & (CommandFlags.Write | CommandFlags.MayReplicate);
        return flags != 0 && ((flags & CommandFlags.Write) != 0 || c.IsLarge(1) || !SaysNoWrites(c.Spec.Name, c.Arg(1)));
    }

    /// <summary>Whether a script says that it does not write: by its text, its digest, or a function's name, as the command that runs it takes it.</summary>
    public bool SaysNoWrites(string command, ReadOnlySpan<byte> script)
    {
        ScriptFlags flags = command switch
        {
            "eval" => ScriptShebang.TryRead(script, out ScriptFlags said, out _) is null ? said : ScriptFlags.None,
            "evalsha" => Find(System.Text.Encoding.Latin1.GetString(script).ToLowerInvariant())?.Flags ?? ScriptFlags.None,
            "fcall" => Functions.TryFind(System.Text.Encoding.Latin1.GetString(script), out (FunctionLibrary Library, LibraryEntry Entry) found)
                ? found.Entry.Flags : ScriptFlags.None,
            _ => ScriptFlags.None,
        };
        return (flags & ScriptFlags.NoWrites) != 0;
    }

    /// <summary>Takes a script in, where its engine can compile it; else the error. EVAL's are given up for room, oldest first.</summary>
    public string? TryAdd(ReadOnlySpan<byte> text, bool isEvaluated, out Script? script)
    {
        // A small text is found by itself, sooner than its digest would be made.
        bool isSmall = text.Length <= KnownTextBytesMax;
        if (isSmall && byText.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(text, out script)) return null;
        string sha = System.Text.Encoding.ASCII.GetString(Sha1.Hex(text));
        if (scripts.TryGetValue(sha, out script)) return null;
        if (ScriptShebang.TryRead(text, out ScriptFlags flags, out int start) is { } wrong) return wrong;
        byte[] whole = text.ToArray();
        script = new Script(sha, whole, start == 0 ? whole : whole[start..], flags);
        ScriptEngine engine = Rent();
        string? error = engine.TryGet(script, out _);
        Return(engine);
        if (error is not null) return error;
        if (!scripts.TryAdd(sha, script))
        {
            script = scripts.GetValueOrDefault(sha, script);
            return null;
        }

        if (isSmall) byText[script.Text] = script;
        Interlocked.Add(ref bytes, script.Body.Length);
        if (isEvaluated) evaluated.Enqueue(script);
        while (Bytes > GatewayLimits.ScriptBytesMax && evaluated.TryDequeue(out Script? oldest))
        {
            if (!scripts.TryRemove(oldest.Sha, out _)) continue;
            byText.TryRemove(oldest.Text, out _);
            Interlocked.Add(ref bytes, -oldest.Body.Length);
            Renew(); // states hold what they have compiled
        }

        return null;
    }

    /// <summary>Whether scripts may call commands that are not meant for them, as DEBUG sets it for tests.</summary>
    public bool AllowsAnyCommand { get; set; }

    /// <summary>Forgets all scripts.</summary>
    public void Flush()
    {
        scripts.Clear();
        byText.Clear();
        evaluated.Clear();
        Interlocked.Exchange(ref bytes, 0);
        Renew();
    }

    public ScriptEngine Rent()
    {
        while (idle.TryPop(out ScriptEngine? engine))
        {
            if (engine.Generation == generation) return engine;
            engine.Dispose();
        }

        return new ScriptEngine(generation);
    }

    public void Return(ScriptEngine engine)
    {
        if (engine.Generation == generation && idle.Count < EnginesKept && engine.Lua.MemoryBytes < ScriptLimits.MemoryBytesMax / 2) idle.Push(engine);
        else engine.Dispose();
    }

    /// <summary>Begins, or with null ends, the time in which others are told that a script is running.</summary>
    public void SetBusy(ScriptRun? run) => busy = run;
}
