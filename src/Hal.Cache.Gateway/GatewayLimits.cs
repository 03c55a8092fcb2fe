using Hal.Cache.Resp;

namespace Hal.Cache.Gateway;

/// <summary>The gateway's limits that no setting changes, by name.</summary>
internal static class GatewayLimits
{
    /// <summary>Keys that one DEBUG POPULATE makes.</summary>
    public const int PopulatedKeysMax = 10_000_000;

    /// <summary>Replies are flushed in between when so many bytes are waiting.</summary>
    public const int FlushBytes = 64 * 1024;

    /// <summary>Streamed bodies are sent in pieces of at most so many bytes.</summary>
    public const int PieceBytes = 64 * 1024;

    /// <summary>Large values up to so many bytes are copied into the reply when they are in memory.</summary>
    public const int CopiedReplyBytesMax = 64 * 1024;

    /// <summary>Large arguments of commands that need them in one piece: longest one, in bytes.</summary>
    public const int MaterialisedArgBytesMax = 64 * 1024 * 1024;

    /// <summary>Runs of one command: what it awaited may be gone again each time it runs.</summary>
    public const int RunsMax = 10_000;

    /// <summary>Missing values of one command that are gathered before they are awaited; a command with more gathers again.</summary>
    public const int FaultsGatheredMax = 1024;

    /// <summary>Missing values of one command that are awaited at the same time.</summary>
    public const int FaultsAtOnceMax = 32;

    /// <summary>Buffered bytes of one request, streamed arguments not counted.</summary>
    public const int RequestBytesMax = 256 * 1024 * 1024;

    /// <summary>Queued commands of one transaction.</summary>
    public const int QueuedCommandsMax = 1 << 20;

    /// <summary>Bytes of the queued commands of one transaction, streamed arguments not counted.</summary>
    public const int QueuedBytesMax = 64 * 1024 * 1024;

    /// <summary>Keys that one client watches.</summary>
    public const int WatchedKeysMax = 1 << 20;

    /// <summary>Channels and patterns of one client.</summary>
    public const int SubscriptionsMax = 1 << 20;

    /// <summary>Longest client name, in bytes.</summary>
    public const int ClientNameBytesMax = 64 * 1024;

    /// <summary>Keys whose hashes a context keeps room for between commands.</summary>
    public const int ArgsKept = RespLimits.ArgsKept;

    /// <summary>Streamed arguments of one request.</summary>
    public const int LargeArgsMax = 1024;

    /// <summary>How long a command is tried to be forwarded before its client hears that the authority can't be reached.</summary>
    public static readonly TimeSpan ForwardTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long INFO and CONFIG wait for what the authority says.</summary>
    public static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long a command waits for the control plane.</summary>
    public static readonly TimeSpan PlaneTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long after the end of the control plane's events they are asked for again, while clients are subscribed to them.</summary>
    public static readonly TimeSpan EventsRetry = TimeSpan.FromSeconds(1);

    /// <summary>How long CLIENT TRACKING waits until the authority tells of changes by prefix.</summary>
    public static readonly TimeSpan TrackTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Time between two tries to forward a command.</summary>
    public static readonly TimeSpan ForwardPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Writes of one connection that are on their way to an authority before the first is answered.</summary>
    public const int PipelinedWritesMax = 256;

    /// <summary>Bytes of such writes' requests; a longer one goes alone.</summary>
    public const int PipelinedBytesMax = 64 * 1024;

    /// <summary>Bytes of what one script calls that are told to the monitors of another instance; what follows is not shown there.</summary>
    public const int MonitorLinesBytesMax = 1 << 20;

    /// <summary>Times that a transaction is sent to the authority when connections break.</summary>
    public const int ExecAttemptsMax = 3;

    /// <summary>Commands that wait at the authority on connections of their own; those beyond share one.</summary>
    public const int WaitsOnOwnLinks = 64;

    /// <summary>Commands of one other instance that wait here on the connection that they share.</summary>
    public const int SharedWaitsMax = 65_536;

    /// <summary>Longest request that is sent on a shared connection, in bytes.</summary>
    public const int SharedRequestBytesMax = 64 * 1024;

    /// <summary>Bytes of a reply that are on their way on a shared connection before the client has taken some.</summary>
    public const int SharedPieceBytes = 256 * 1024;

    /// <summary>Bytes of cached scripts' texts; those that came with EVAL are forgotten beyond that, oldest first.</summary>
    public const long ScriptBytesMax = 64L << 20;

    /// <summary>Time in which a library of functions has to be loaded, as in Redis.</summary>
    public static readonly TimeSpan LibraryLoadTimeMax = TimeSpan.FromMilliseconds(500);

    /// <summary>Time after which a script's thread leaves its event loop, so that other clients go on.</summary>
    public static readonly TimeSpan ScriptOnLoop = TimeSpan.FromMilliseconds(5);

    /// <summary>Commands, or pieces of 10,000 instructions, that a script has run before it leaves its event loop.</summary>
    public const int ScriptStretchesOnLoop = 8;

    /// <summary>Time between two looks at the scripts that an authority runs for this instance's clients.</summary>
    public static readonly TimeSpan ScriptLookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Time between two moments in which a slow script lets others learn of it.</summary>
    public static readonly TimeSpan ScriptYieldInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Length of such a moment: a thread that waits at a lock wakes up in it.</summary>
    public static readonly TimeSpan ScriptYield = TimeSpan.FromMilliseconds(1);
}
