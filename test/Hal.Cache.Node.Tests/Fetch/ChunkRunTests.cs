using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tests.Fetch;

public sealed class ChunkRunTests
{
    private const int Chunk = IBlobStore.ChunkBytes;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [ThreadStatic]
    private static bool isFilling;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_that_is_answered_alone_goes_on_on_the_thread_that_brings_the_bytes_if_it_may(bool goesOnAtOnce)
    {
        var run = new ChunkRun(first: 4, count: 2, bytes: Chunk + 100);
        Task<bool> alone = WaitAsync(run, 4, goesOnAtOnce), later = WaitAsync(run, 5, goesOnAtOnce);

        await Task.Run(() => Fill(run, Chunk)); // where there is no context that would have continuations posted to it

        Assert.Equal(goesOnAtOnce, await alone.WaitAsync(Patience));
        Assert.False(later.IsCompleted);
    }

    [Fact]
    public async Task Readers_that_are_answered_together_all_go_on_elsewhere()
    {
        var run = new ChunkRun(first: 4, count: 2, bytes: Chunk + 100);
        Task<bool>[] readers = [WaitAsync(run, 4, goesOnAtOnce: true), WaitAsync(run, 4, goesOnAtOnce: true), WaitAsync(run, 4, goesOnAtOnce: false)];

        await Task.Run(() => Fill(run, Chunk));

        Assert.All(await Task.WhenAll(readers).WaitAsync(Patience), Assert.False);
    }

    [Fact]
    public async Task A_chunk_is_here_when_all_of_its_bytes_are_and_the_short_last_one_with_the_runs_last_byte()
    {
        var run = new ChunkRun(first: 0, count: 2, bytes: Chunk + 100);
        Task<CacheError?> first = run.WhenHere(0, goesOnAtOnce: false), last = run.WhenHere(1, goesOnAtOnce: false);

        run.Fill(Chunk - 1);
        Assert.False(first.IsCompleted);
        run.Fill(Chunk + 99);
        Assert.Null(await first.WaitAsync(Patience));
        Assert.False(last.IsCompleted);
        run.Fill(Chunk + 100);

        Assert.Null(await last.WaitAsync(Patience));
    }

    [Fact]
    public async Task What_came_before_a_failure_stays_here_and_the_rest_is_answered_with_it()
    {
        var failure = new CacheError(CacheErrorCode.Unavailable, "as asked");
        var run = new ChunkRun(first: 0, count: 2, bytes: 2 * Chunk);
        Task<CacheError?> waiting = run.WhenHere(1, goesOnAtOnce: true);

        run.Fill(Chunk);
        run.Complete(failure);
        run.Complete(null);

        Assert.Same(failure, await waiting.WaitAsync(Patience));
        Assert.Same(failure, await run.WhenHere(1, goesOnAtOnce: true));
        Assert.Null(await run.WhenHere(0, goesOnAtOnce: true));
    }

    private static void Fill(ChunkRun run, int bytes)
    {
        isFilling = true;
        run.Fill(bytes);
        isFilling = false;
    }

    private static async Task<bool> WaitAsync(ChunkRun run, int index, bool goesOnAtOnce)
    {
        Assert.Null(await run.WhenHere(index, goesOnAtOnce).ConfigureAwait(false));
        return isFilling;
    }
}
