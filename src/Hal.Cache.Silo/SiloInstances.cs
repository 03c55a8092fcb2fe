namespace Hal.Cache.Silo;

/// <summary>The instances of the process; closed together, leaves before what is above them.</summary>
internal sealed class SiloInstances : IAsyncDisposable
{
    public List<SiloInstance> All { get; } = [];

    public async ValueTask DisposeAsync()
    {
        for (var i = All.Count - 1; i >= 0; i--) await All[i].DisposeAsync();
    }
}
