using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Tests.Clients;

public class LoopCommitsTests
{
    private readonly HandLoop loop = new();
    private readonly List<(long Address, ICommitWaiter Waiter)> commits = [];
    private readonly LoopCommits waits;

    public LoopCommitsTests() => waits = new(loop, (address, waiter) => commits.Add((address, waiter)));

    [Fact]
    public async Task The_connections_of_a_turn_share_one_commit_up_to_the_last_of_them()
    {
        Task<CacheError?> first = waits.WaitAsync(new CommitWait(), 30).AsTask();
        Task<CacheError?> second = waits.WaitAsync(new CommitWait(), 20).AsTask();
        Assert.Empty(commits);
        loop.EndTurn();
        Assert.Equal(30, Assert.Single(commits).Address);
        commits[0].Waiter.Committed(null);
        Assert.False(first.IsCompleted, "the replies leave from the loop's thread alone");
        await loop.RunPostedAsync();
        Assert.Null((await first));
        Assert.Null((await second));
    }

    [Fact]
    public async Task Those_that_come_during_a_commit_share_the_next_which_begins_before_the_replies_leave()
    {
        var order = new List<string>();
        _ = NoteAsync(waits.WaitAsync(new CommitWait(), 1).AsTask(), order, "reply");
        loop.EndTurn();
        Task<CacheError?> later = waits.WaitAsync(new CommitWait(), 2).AsTask();
        Task<CacheError?> last = waits.WaitAsync(new CommitWait(), 3).AsTask();
        loop.EndTurn();
        Assert.Single(commits);
        commits[0].Waiter.Committed(null);
        await loop.RunPostedAsync();
        Assert.Equal(["reply"], order);
        Assert.Equal(3, commits[1].Address);
        Assert.False(later.IsCompleted);
        commits[1].Waiter.Committed(null);
        await loop.RunPostedAsync();
        Assert.Null(await later);
        Assert.Null(await last);
        Assert.Equal(2, commits.Count);
    }

    [Fact]
    public async Task A_failed_commit_is_told_to_all_who_waited_for_it_and_to_no_later_one()
    {
        var wait = new CommitWait();
        Task<CacheError?> failed = waits.WaitAsync(wait, 1).AsTask();
        loop.EndTurn();
        commits[0].Waiter.Committed(new CacheError(CacheErrorCode.NoRoom, "full"));
        await loop.RunPostedAsync();
        Assert.Equal("full", (await failed)!.Message);
        Task<CacheError?> next = waits.WaitAsync(wait, 2).AsTask();
        loop.EndTurn();
        commits[1].Waiter.Committed(null);
        await loop.RunPostedAsync();
        Assert.Null((await next));
    }

    private static async Task NoteAsync(Task<CacheError?> wait, List<string> order, string name)
    {
        await wait.ConfigureAwait(false);
        order.Add(name);
    }
}
