namespace Hal.Cache.Scripting;

/// <summary>What a running script asks of its server. Calls come on the thread that runs the script.</summary>
public interface IScriptHost
{
    /// <summary>Runs a command of so many arguments, as a request in RESP; gives its reply in RESP, valid until the next call. False where the script is to end.</summary>
    bool TryCall(ReadOnlyMemory<byte> request, int arguments, out ReadOnlyMemory<byte> reply);

    /// <summary>Whether the user may run the command; null where there is no such command.</summary>
    bool? MayCall(ReadOnlyMemory<byte> request, int arguments);

    /// <summary>Takes a line for the log; levels are Redis's, 0 (debug) to 3 (warning).</summary>
    void Log(int level, string text);

    /// <summary>Has replies to the script be in a version of the protocol, 2 or 3.</summary>
    void SetProtocol(int version);

    /// <summary>Whether the script may go on; asked each <see cref="ScriptLimits.StepsPerTick"/> instructions.</summary>
    bool GoesOn();
}
