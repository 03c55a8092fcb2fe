using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Node;
using Hal.Cache.Resp;
using Hal.Cache.Scripting;

namespace Hal.Cache.Gateway.Scripts;

/// <summary>
/// One run of a script, under the locks of all shards, which its command holds. Where a command in it has to wait, the run ends and the
/// whole begins anew after the wait, as long as nothing was written; later than that the locks are let go of for the wait.
/// </summary>
internal sealed class ScriptRun : IScriptHost
{
    private const CommandFlags Repeatable = CommandFlags.ReadOnly | CommandFlags.Write;

    private readonly CommandContext outer;
    private readonly CommandContext inner;
    private readonly ScriptRuntime runtime;
    private readonly bool isReadOnly;
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private readonly long startedAtTick = Environment.TickCount64;
    private int stretches; // commands, and parts of Lua between two looks at the clock
    private long yieldedAt;
    private bool begun;
    private bool isRepeatable = true;
    private bool restarts;
    private volatile bool hasWritten;
    private volatile bool killed;

    public ScriptRun(CommandContext outer, string name, bool isFunction, bool isReadOnly)
    {
        (this.outer, Name, IsFunction, this.isReadOnly) = (outer, name, isFunction, isReadOnly);
        runtime = outer.Server.Scripts;
        inner = outer.Inner.TakeForScript();
        inner.Parser.StreamLarge = false; // requests are whole already
    }

    /// <summary>The script's SHA-1, or the function's name.</summary>
    public string Name { get; }

    public bool IsFunction { get; }

    /// <summary>How long it has run.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(startedAt);

    /// <summary>Whether its commands may take memory that is used up.</summary>
    public bool AllowsOom { get; init; }

    /// <summary>The command that runs it, as its client sent it.</summary>
    public IReadOnlyList<byte[]> Command { get; init; } = [];

    /// <summary>Ends the script; false where it has written, and can't be ended.</summary>
    public bool TryKill()
    {
        if (hasWritten) return false;
        killed = true;
        return true;
    }

    /// <summary>Runs what the engine has begun, and writes the reply.</summary>
    public Outcome Run(LuaEngine engine, int arguments)
    {
        int start = outer.Reply.Length;
        int database = outer.Client.Database;
        ScriptRun? before = runtime.Running;
        runtime.Running = this;
        try
        {
            bool isDone = engine.TryRun(this, arguments, outer.Reply, out ScriptFailure? failure);
            if (restarts)
            {
                outer.TakeFault(inner);
                return Outcome.Retry;
            }

            if (begun) outer.Store.Complete(ref inner.Scope);
            outer.Scope = inner.Scope;
            if (!isDone)
            {
                outer.DropReply(start);
                outer.Error(failure is null ? $"ERR Script killed by user with {(IsFunction ? "FUNCTION" : "SCRIPT")} KILL. script: {Name}, on @user_{(IsFunction ? "function" : "script")}:1." : TextOf(failure));
            }

            return Outcome.Done;
        }
        finally
        {
            runtime.Running = before;
            runtime.SetBusy(null);
            outer.Client.Database = database;
            outer.Inner.GiveBack(inner);
        }
    }

    public bool TryCall(ReadOnlyMemory<byte> request, int arguments, out ReadOnlyMemory<byte> reply)
    {
        reply = default;
        if (killed) return false;
        inner.DropReply(0);
        inner.End();
        inner.Parser.Reset();
        if (inner.Parser.Parse(request.Span) != ParseResult.Command) return Answer("ERR a command of a script is too large"u8, out reply);
        inner.SetInput(request);
        inner.Begin();
        if (Find() is not { } spec) return Answer("ERR Unknown Redis command called from script"u8, out reply);
        inner.Spec = spec;
        if (!spec.Accepts(inner.Count)) return Answer("ERR Wrong number of args calling Redis command from script"u8, out reply);
        if (spec.Has(CommandFlags.NoScript) && !runtime.AllowsAnyCommand) return Answer("ERR This Redis command is not allowed from script"u8, out reply);
        if (!AclGate.PermitsInScript(inner))
        {
            reply = inner.Reply.Written;
            return true;
        }

        if (isReadOnly && spec.Has(CommandFlags.Write | CommandFlags.MayReplicate)) return Answer("ERR Write commands are not allowed from read-only scripts."u8, out reply);
        if (spec.Has(CommandFlags.DenyOom) && !hasWritten && !AllowsOom && outer.Server.Memory.IsExceeded)
        {
            inner.IsRejected = true;
            _ = Answer(RespErrors.OutOfMemory, out reply);
            outer.Client.Counters.Count(inner, ticks: 0);
            return true;
        }

        if (spec.IsWrite && outer.Server.WritesNeedReplicas) return Answer(RespErrors.NoReplicas, out reply);
        if (!runtime.Dispatcher.TryAdmitKeys(inner, spec))
        {
            reply = inner.Reply.Written;
            return true;
        }

        if (outer.Server.Places?.RefusalInScript(inner) is { } refusal) return Answer(System.Text.Encoding.UTF8.GetBytes(refusal), out reply);
        if (!outer.Server.Monitors.IsEmpty) outer.Server.Monitors.TellStart(inner);
        if (spec.IsWrite && !begun)
        {
            outer.Store.Begin(ref inner.Scope);
            begun = true;
        }

        if (!TryRun(spec)) return false;
        outer.Client.Counters.Count(inner, ticks: 0);
        LeaveLoopInTime();
        isRepeatable &= spec.Has(Repeatable);
        hasWritten |= spec.IsWrite && !inner.Failed;
        reply = inner.Reply.Deferred.Count == 0 ? inner.Reply.Written : Whole();
        return true;
    }

    public bool? MayCall(ReadOnlyMemory<byte> request, int arguments)
    {
        inner.DropReply(0);
        inner.End();
        inner.Parser.Reset();
        if (inner.Parser.Parse(request.Span) != ParseResult.Command) return null;
        inner.SetInput(request);
        inner.Begin();
        if (Find() is not { } spec) return null;
        return outer.Client.User.IsUnrestricted || outer.Client.User.Rules.Check(inner, spec, 0, out _) == AclDenial.None;
    }

    public void Log(int level, string text) => runtime.Log(level, text);

    public void SetProtocol(int version) => inner.Reply.Protocol = version;

    public bool GoesOn()
    {
        if (killed) return false;
        TimeSpan elapsed = Elapsed;
        LeaveLoopInTime();
        if (elapsed < runtime.BusyAfter) return true;
        runtime.SetBusy(this);
        long now = Stopwatch.GetTimestamp();
        if (Stopwatch.GetElapsedTime(yieldedAt, now) > GatewayLimits.ScriptYieldInterval)
        {
            // Those who were at the locks before it was known that this takes long learn so.
            yieldedAt = now;
            outer.Unlock();
            do Thread.Yield();
            while (Stopwatch.GetElapsedTime(now) < GatewayLimits.ScriptYield);
            outer.Lock();
        }

        return !killed;
    }

    /// <summary>The error with the script's name and where it was raised, as clients see it.</summary>
    private string TextOf(ScriptFailure failure) =>
        failure.Source.Length > 0 ? $"{failure.Text} script: {Name}, on {failure.Source}:{failure.Line}." : $"{failure.Text} script: {Name}";

    private CommandSpec? Find()
    {
        if (outer.Server.Table.Find(inner.Arg(0)) is not { } spec) return null;
        return spec.Subcommands.Length > 0 && inner.Count > 1 ? CommandTable.FindSubcommand(spec, inner.Arg(1)) : spec;
    }

    private bool Answer(ReadOnlySpan<byte> error, out ReadOnlyMemory<byte> reply)
    {
        inner.Error(error);
        reply = inner.Reply.Written;
        return true;
    }

    /// <summary>Runs the command to its end; false where the whole script has to begin anew.</summary>
    private bool TryRun(CommandSpec spec)
    {
        for (int runs = 0; ; runs++)
        {
            inner.BeginRun(0);
            Outcome outcome = Outcome.Retry;
            if (spec.Has(CommandFlags.DenyOom) && !outer.Store.HasRoom(inner.Parser.Consumed)) inner.NeedRoom(inner.Parser.Consumed);
            else outcome = CommandDispatcher.Handle(inner);
            if (outcome is Outcome.Done or Outcome.Close) return true;
            if (outcome == Outcome.Async)
            {
                Await(async () => await inner.Pending!(inner));
                return true;
            }

            if (isRepeatable && !hasWritten)
            {
                restarts = true;
                return false;
            }

            if (runs == GatewayLimits.RunsMax)
            {
                inner.BeginRun(0);
                inner.Error(new CacheError(CacheErrorCode.Busy, "the command's keys kept changing"));
                return true;
            }

            bool isResolved = false;
            inner.BeginRun(0);
            Await(async () => isResolved = await inner.ResolveFaultAsync());
            if (!isResolved) return true;
        }
    }

    // Time alone would have short scripts leave that were interrupted by other processes.
    private void LeaveLoopInTime()
    {
        if (++stretches > GatewayLimits.ScriptStretchesOnLoop && Environment.TickCount64 - startedAtTick > GatewayLimits.ScriptOnLoop.Milliseconds) LeaveLoop();
    }

    /// <summary>Has another thread run this one's event loop, if it is one's.</summary>
    private void LeaveLoop()
    {
        if (outer.Loop is { IsCurrentThread: true } loop) loop.Leave();
    }

    /// <summary>Waits on this thread, which is no event loop's any more, without locks: a script can't be left in the middle.</summary>
    private void Await(Func<Task> work)
    {
        LeaveLoop();
        ulong fenced = hasWritten || begun ? outer.Server.Fence.Raise(outer.Store.AllShards) : 0;
        outer.Unlock();
        try
        {
            Task.Run(work).GetAwaiter().GetResult();
        }
        finally
        {
            outer.Lock();
            outer.Server.Fence.Lower(fenced);
        }
    }

    /// <summary>The reply with the bodies that a connection would read as it sends them.</summary>
    private ReadOnlyMemory<byte> Whole()
    {
        long bytes = inner.Reply.Deferred.Sum(body => body.Length);
        if (bytes > ScriptLimits.MemoryBytesMax)
        {
            inner.DropReply(0);
            inner.Error($"ERR a script reads at most {ScriptLimits.MemoryBytesMax} bytes at once");
            return inner.Reply.Written;
        }

        var whole = new byte[inner.Reply.Length + bytes];
        int from = 0;
        int to = 0;
        CacheError? error = null;
        foreach (DeferredBody body in inner.Reply.Deferred)
        {
            inner.Reply.WrittenSpan[from..body.Position].CopyTo(whole.AsSpan(to));
            to += body.Position - from;
            from = body.Position;
            var reader = (ValueReader)body.Source;
            Memory<byte> target = whole.AsMemory(to, (int)body.Length);
            while (error is null && !target.IsEmpty)
            {
                int read = reader.TryRead(target.Span);
                if (read == 0) Await(async () => (read, error) = await ReadAsync(reader, target));
                target = target[read..];
            }

            to += (int)body.Length;
        }

        inner.Reply.WrittenSpan[from..].CopyTo(whole.AsSpan(to));
        inner.DropReply(0);
        if (error is null) return whole;
        inner.Error(error);
        return inner.Reply.Written;
    }

    private static async Task<(int Read, CacheError? Error)> ReadAsync(ValueReader reader, Memory<byte> target)
    {
        Result<int> read = await reader.ReadAsync(target, CancellationToken.None);
        if (!read.IsOk) return (0, read.Error);
        return read.Value > 0 ? (read.Value, null) : (0, new CacheError(CacheErrorCode.Changed, "the value was changed while it was read"));
    }
}
