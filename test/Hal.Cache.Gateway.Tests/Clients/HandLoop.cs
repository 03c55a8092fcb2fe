using System.Threading.Channels;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Gateway.Tests.Clients;

/// <summary>A loop whose turns the test runs.</summary>
internal sealed class HandLoop : IConnectionLoop
{
    private readonly Queue<ILoopWork> atEnd = new();
    private readonly Channel<ILoopWork> posted = Channel.CreateUnbounded<ILoopWork>();

    public bool IsCurrentThread => true;

    public void AtEndOfTurn(ILoopWork work) => atEnd.Enqueue(work);

    public void Leave() => throw new NotSupportedException();

    public void Post(ILoopWork work) => posted.Writer.TryWrite(work);

    public void EndTurn()
    {
        while (atEnd.TryDequeue(out ILoopWork? work)) work.Run();
    }

    /// <summary>Waits for the next that is posted, and runs it.</summary>
    public async Task RunPostedAsync()
    {
        ILoopWork work = await posted.Reader.ReadAsync().AsTask().WaitAsync(ConnectionHost.WaitMax);
        SynchronizationContext? context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null); // as on a loop's thread, where what waits goes on in place
        work.Run();
        SynchronizationContext.SetSynchronizationContext(context);
    }
}
