namespace Hal.Cache.Gateway;

/// <summary>The contexts for the commands of a command's transaction or script, each kept for the next, since making one costs as much as a small script.</summary>
internal sealed class InnerContexts(CommandContext outer)
{
    private CommandContext? forTransaction;
    private CommandContext? forScript;

    /// <summary>A context for queued commands, to be given back.</summary>
    public CommandContext TakeForTransaction()
    {
        CommandContext taken = forTransaction ?? CommandContext.ForTransaction(outer);
        forTransaction = null;
        taken.ResetScope();
        taken.StandingTime = null;
        return taken;
    }

    /// <summary>A context for a script's commands, to be given back.</summary>
    public CommandContext TakeForScript()
    {
        CommandContext taken = forScript ?? CommandContext.ForScript(outer);
        forScript = null;
        taken.Scope = outer.Scope;
        taken.StandingTime = outer.Time;
        taken.Reply.Protocol = 2;
        return taken;
    }

    /// <summary>Takes back what was taken.</summary>
    public void GiveBack(CommandContext inner)
    {
        inner.End();
        inner.Dispose();
        if (!inner.Waits.IsEmpty) return;
        if (inner.IsInScript) forScript = inner;
        else forTransaction = inner;
    }
}
