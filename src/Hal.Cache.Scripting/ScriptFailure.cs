namespace Hal.Cache.Scripting;

/// <summary>
/// The error that ended a script, or that it returned: its text with Redis's code, and where it was raised ("" and 0 where that is not known).
/// </summary>
/// <param name="IsCounted">It is that of a command which the script called: statistics have it already.</param>
public sealed record ScriptFailure(string Text, string Source, long Line, bool IsCounted = false);
