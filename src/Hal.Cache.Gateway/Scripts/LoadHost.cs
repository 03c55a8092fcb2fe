using System.Diagnostics;
using Hal.Cache.Scripting;

namespace Hal.Cache.Gateway.Scripts;

/// <summary>The server as a library sees it while it is loaded: there are no commands, and the time is short.</summary>
internal sealed class LoadHost(Action<int, string>? log) : IScriptHost
{
    private readonly long startedAt = Stopwatch.GetTimestamp();

    public bool TryCall(ReadOnlyMemory<byte> request, int arguments, out ReadOnlyMemory<byte> reply)
    {
        reply = "-ERR redis.call can only be called inside a script invocation\r\n"u8.ToArray();
        return true;
    }

    public bool? MayCall(ReadOnlyMemory<byte> request, int arguments) => null;

    public void Log(int level, string text) => log?.Invoke(level, text);

    public void SetProtocol(int version)
    {
    }

    public bool GoesOn() => Stopwatch.GetElapsedTime(startedAt) < GatewayLimits.LibraryLoadTimeMax;
}
