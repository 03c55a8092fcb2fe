using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Peers;
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
    private int start; // of the reply
    private long toldBytes;
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
        start = outer.Reply.Length;
        int database = outer.Client.Database;
        ScriptRun? before = runtime.Running;
        runtime.Running = this;
        HaveTimeStand();
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
                if (failure is null) outer.Error(KilledText);
                else if (failure.IsCounted) outer.CountedError(TextOf(failure));
                else outer.Error(TextOf(failure));
            }
            else if (failure is not null)
            {
                outer.NoteFailure();
                if (!failure.IsCounted) outer.Server.Errors.Count(failure.Text);
            }

            return Outcome.Done;
        }
        finally
        {
            while (inner.Scope.Transaction != 0) outer.Store.Complete(ref inner.Scope); // an error in the midst of it: what was done stays
            LetTimePass();
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
        if (inner.Parser.Parse(request.Span) != ParseResult.Command) return Refuse("ERR a command of a script is too large"u8, out reply);
        inner.SetInput(request);
        inner.Begin();
        inner.Spec = CommandTable.Unknown;
        if (Find() is not { } spec) return Refuse("ERR Unknown Redis command called from script"u8, out reply);
        inner.Spec = spec;
        if (!spec.Accepts(inner.Count)) return Refuse("ERR Wrong number of args calling Redis command from script"u8, out reply);
        if (spec.Has(CommandFlags.NoMulti) || (spec.Has(CommandFlags.NoScript) && !runtime.AllowsAnyCommand)) return Refuse("ERR This Redis command is not allowed from script"u8, out reply);
        if (!AclGate.PermitsInScript(inner)) return Refused(out reply);
        if (isReadOnly && spec.Has(CommandFlags.Write | CommandFlags.MayReplicate))
            return Refuse("ERR Write commands are not allowed from read-only scripts."u8, out reply);
        if (spec.Has(CommandFlags.DenyOom) && !hasWritten && !AllowsOom && outer.IsMemoryDenied) return Refuse(RespErrors.OutOfMemory, out reply);
        if (spec.IsWrite && outer.AreWritesDenied) return Refuse(RespErrors.NoReplicas, out reply);
        if (!runtime.Dispatcher.TryAdmitKeys(inner, spec)) return Refused(out reply);
        if (outer.Server.Places?.RefusalInScript(inner) is { } refusal) return Refuse(System.Text.Encoding.UTF8.GetBytes(refusal), out reply);
        if (!outer.Server.Monitors.IsEmpty) outer.Server.Monitors.TellStart(inner);
        if (outer.Client.Peer is { Call.WantsLines: true } && toldBytes < GatewayLimits.MonitorLinesBytesMax)
        {
            toldBytes += MonitorLines.Write(inner, outer.Reply);
            start = outer.Reply.Length;
        }

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

    // A transaction's time stands already, and goes on after it.
    private void HaveTimeStand()
    {
        if (outer.StandingTime is null) outer.Store.SetTime(outer.Store.AllShards, inner.Now);
    }

    private void LetTimePass()
    {
        if (outer.StandingTime is null) outer.Store.SetTime(outer.Store.AllShards, 0);
    }

    private string KilledText => IsFunction
        ? $"ERR Script killed by user with FUNCTION KILL. script: {Name}, on @user_function:1."
        : $"ERR Script killed by user with SCRIPT KILL. script: {Name}, on @user_script:1.";

    /// <summary>The error with the script's name and where it was raised, as clients see it.</summary>
    private string TextOf(ScriptFailure failure) =>
        failure.Source.Length > 0 ? $"{failure.Text} script: {Name}, on {failure.Source}:{failure.Line}." : $"{failure.Text} script: {Name}";

    private CommandSpec? Find()
    {
        if (outer.Server.Table.Find(inner.Arg(0)) is not { } spec) return null;
        return spec.Subcommands.Length > 0 && inner.Count > 1 ? CommandTable.FindSubcommand(spec, inner.Arg(1)) : spec;
    }

    private bool Refuse(ReadOnlySpan<byte> error, out ReadOnlyMemory<byte> reply)
    {
        inner.Error(error);
        return Refused(out reply);
    }

    /// <summary>A command was not run, and its error is the reply: it is counted as rejected.</summary>
    private bool Refused(out ReadOnlyMemory<byte> reply)
    {
        inner.IsRejected = true;
        outer.Client.Counters.Count(inner, ticks: 0);
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
        if (fenced == 0) LetTimePass(); // for others, who may run meanwhile
        outer.Unlock();
        try
        {
            Task.Run(work).GetAwaiter().GetResult();
        }
        finally
        {
            outer.Lock();
            HaveTimeStand();
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
