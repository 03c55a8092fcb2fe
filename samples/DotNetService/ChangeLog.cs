using Hal.Cache.Contracts.ControlPlane;

namespace DotNetService;

/// <summary>Writes what changes in the tree to the log, from now on.</summary>
internal sealed partial class ChangeLog(IControlPlane plane, ILogger<ChangeLog> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var item in plane.Events.SubscribeAsync(new Subscription(), stoppingToken))
        {
            if (item.Event is { } change) Changed(change.Instance, string.Join(' ', change.KeysAdded), string.Join(' ', change.KeysEvicted));
            else if (item.Notice is { } notice) Told(notice.Kind, notice.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Instance} has {Added}, and no more {Evicted}")]
    private partial void Changed(string instance, string added, string evicted);

    [LoggerMessage(LogLevel.Information, "{Kind} {Message}")]
    private partial void Told(StreamNoticeKind kind, string message);
}
