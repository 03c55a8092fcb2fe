using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// The waits for commits of one event loop's connections. One commit is under way for all of them while those that come meanwhile gather
/// for the next; it is asked for when the last connection of a turn has run, and the replies leave from the loop's thread. Were each to ask
/// for itself, the first would have a commit of its own, and each reply its way through the thread pool. Touched on the loop's thread alone.
/// </summary>
internal sealed class LoopCommits(IConnectionLoop loop, Action<long, ICommitWaiter> commit) : ILoopWork, ICommitWaiter
{
    private List<CommitWait> gathering = [];
    private List<CommitWait> asked = [];
    private List<CommitWait> done = [];
    private long address;
    private CacheError? failure;
    private Stage stage;

    private enum Stage
    {
        Idle,
        TurnRuns,
        UnderWay,
        Over,
    }

    public IConnectionLoop Loop => loop;

    /// <summary>Completes with null, or with why what was written up to the address may not be durable.</summary>
    public ValueTask<CacheError?> WaitAsync(CommitWait wait, long until)
    {
        address = Math.Max(address, until);
        gathering.Add(wait);
        AskAtEndOfTurn();
        return wait.Begin();
    }

    /// <summary>On the loop's thread, at the end of a turn or after a commit.</summary>
    public void Run()
    {
        if (stage == Stage.Over)
            Complete();
        else
            Ask();
    }

    /// <summary>On any thread; the stage is nobody else's while a commit is under way.</summary>
    public void Committed(CacheError? failure)
    {
        this.failure = failure;
        stage = Stage.Over;
        loop.Post(this);
    }

    private void AskAtEndOfTurn()
    {
        if (stage != Stage.Idle)
            return;
        stage = Stage.TurnRuns;
        loop.AtEndOfTurn(this);
    }

    private void Ask()
    {
        (asked, gathering) = (gathering, asked);
        stage = Stage.UnderWay;
        commit(address, this);
    }

    private void Complete()
    {
        CacheError? result = failure;
        (done, asked) = (asked, done);
        stage = Stage.Idle;
        if (gathering.Count > 0)
            Ask(); // the disk has work while the replies leave
        foreach (CommitWait wait in done)
            wait.Complete(result);
        done.Clear();
    }
}
