namespace Hal.Cache.Gateway;

/// <summary>How a command fails: its error is the reply, and is counted once.</summary>
internal static class CommandErrors
{
    public static Outcome Error(this CommandContext c, ReadOnlySpan<byte> text)
    {
        c.Failed = true;
        c.Server.Errors.Count(text);
        c.Reply.Error(text);
        return Outcome.Done;
    }

    /// <summary>The same with a byte for each character, so that what is echoed of a client's bytes is as it came.</summary>
    public static Outcome Error(this CommandContext c, string text)
    {
        c.Failed = true;
        c.Server.Errors.Count(text);
        c.Reply.Error(RespErrors.Bytes(text));
        return Outcome.Done;
    }

    /// <summary>Replies an error that was counted where it came from.</summary>
    public static void CountedError(this CommandContext c, string text)
    {
        c.Failed = true;
        c.Reply.Error(RespErrors.Bytes(text));
    }

    /// <summary>Counts an error that the authority replied.</summary>
    public static void NoteFailure(this CommandContext c) => c.Failed = true;
}
