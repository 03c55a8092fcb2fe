using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Gateway.Peers.Waits;

/// <summary>One connection to each authority for all commands that wait there, made when it is first wanted and again after it broke. Thread-safe.</summary>
internal sealed class WaitLinks(IPeerClient peers)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Task<Result<WaitLink>>> links = [];

    public async ValueTask<Result<WaitLink>> LinkAsync(string authority, CancellationToken cancellation)
    {
        Task<Result<WaitLink>>? link;
        lock (gate)
        {
            if (!links.TryGetValue(authority, out link) || (link.IsCompleted && !IsUsable(link)))
                links[authority] = link = ConnectAsync(authority);
        }

        return await link.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private static bool IsUsable(Task<Result<WaitLink>> ended) => ended is { IsCompletedSuccessfully: true, Result: { IsOk: true, Value.IsOver: false } };

    private async Task<Result<WaitLink>> ConnectAsync(string authority)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // not under the lock
        var link = new WaitLink();
        Result<IFrameChannel> channel = await peers.ConnectAsync(authority, PeerChannelKind.Waits, link, CancellationToken.None).ConfigureAwait(false);
        if (!channel.IsOk)
            return channel.Error;
        link.Opened(channel.Value);
        return link;
    }
}
