namespace Hal.Cache.Scripting;

/// <summary>The error that ended a script: its text with Redis's code, and where it was raised ("" and 0 where that is not known).</summary>
public sealed record ScriptFailure(string Text, string Source, long Line);
