using Hal.Cache.Contracts;

namespace Hal.Cache.Node.Fetch;

/// <summary>One opening of an object's version, under way, done or failed; whoever closes it early leaves no reader open.</summary>
internal sealed class OpenedObject : IAsyncDisposable
{
    private readonly CancellationTokenSource cancel = new();

    /// <param name="isHere">Whether it may be opened on this thread, under the caller's lock.</param>
    public OpenedObject(ObjectSource source, bool isHere) => Reader = isHere ? OpenAsync(source) : Task.Run(() => OpenAsync(source));

    public Task<Result<IObjectReader>> Reader { get; }

    public void Close() => _ = DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await cancel.CancelAsync();
        await ((Task)Reader).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Reader is { IsCompletedSuccessfully: true, Result: { IsOk: true, Value: var reader } })
            await reader.DisposeAsync();
        cancel.Dispose();
    }

    private async Task<Result<IObjectReader>> OpenAsync(ObjectSource source) =>
        await source.OpenAsync(cancel.Token);
}
