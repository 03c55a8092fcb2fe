using System.Net;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Resp;
using Hal.Cache.Silo.Settings;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hal.Cache.Silo;

/// <summary>
/// The cache in this process: opened before anything listens, connected to RESP, closed after every connection has drained. The one
/// place where store, keyspace and gateway are put together.
/// </summary>
internal sealed partial class SiloInstance : IAsyncDisposable
{
    private static readonly byte[] Loading = Encoding.ASCII.GetBytes("-LOADING HAL Cache is loading the dataset in memory\r\n");

    private readonly SiloOptions options;
    private readonly ILogger logger;

    private SiloInstance(SiloOptions options, ILogger logger) => (this.options, this.logger) = (options, logger);

    /// <summary>What HTTP shows.</summary>
    public IReadOnlyList<IInstance> Instances { get; } = [];

    /// <summary>Opens the data directory and recovers from it; <see cref="CacheErrorCode.Invalid"/> blames a setting.</summary>
    public static ValueTask<Result<SiloInstance>> OpenAsync(SiloOptions options, ILoggerFactory loggers, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return new(new SiloInstance(options, loggers.CreateLogger<SiloInstance>()));
    }

    /// <summary>The glob rule of KEYS and SCAN.</summary>
    public static bool Match(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> key) => GlobPattern.IsMatch(pattern, key);

    /// <summary>Puts the RESP protocol on a listener; until an instance is there, clients hear what Redis tells them while it loads.</summary>
    public void ListenResp(ListenOptions listen)
    {
        LogListen(options.Name);
        listen.Run(static async connection => await connection.Transport.Output.WriteAsync(Loading));
    }

    /// <summary>Told once the listeners are bound, with the port that was taken.</summary>
    public void Listening(IPEndPoint resp) => LogListening(options.Name, resp);

    /// <summary>Commits what is not yet durable, and closes the data directory; may be called twice.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [LoggerMessage(Level = LogLevel.Debug, Message = "Instance {Name} goes on a listener")]
    private partial void LogListen(string name);

    [LoggerMessage(Level = LogLevel.Information, Message = "Instance {Name} listens on {Resp}")]
    private partial void LogListening(string name, IPEndPoint resp);
}
