using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Node.Fetch;

/// <summary>One opening of an origin's object, under way, done or failed; whoever closes it early leaves no reader open.</summary>
internal sealed class OpenedObject : IAsyncDisposable
{
    private readonly CancellationTokenSource cancel = new();

    public OpenedObject(ObjectSource source) => Reader = Task.Run(() => OpenAsync(source));

    public Task<Result<IOriginReader>> Reader { get; }

    public void Close() => _ = DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await cancel.CancelAsync();
        await ((Task)Reader).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Reader is { IsCompletedSuccessfully: true, Result: { IsOk: true, Value: var reader } })
            await reader.DisposeAsync();
        cancel.Dispose();
    }

    private async Task<Result<IOriginReader>> OpenAsync(ObjectSource source) =>
        await source.Mount.Origin.OpenAsync(source.Mount.Mount.PathOf(source.Key), source.Version, cancel.Token);
}
