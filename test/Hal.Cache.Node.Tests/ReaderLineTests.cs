namespace Hal.Cache.Node.Tests;

public sealed class ReaderLineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(ReaderLine.ReadersMax, true)]
    public void Readers_go_on_in_their_order_on_this_thread_and_know_that_they_are_in_line(int readers, bool isLine)
    {
        var went = new List<(int Reader, bool IsLine, int Thread)>();

        ReaderLine.GoOn([.. Enumerable.Range(0, readers)], reader => went.Add((reader, ReaderLine.IsRunning, Environment.CurrentManagedThreadId)));

        Assert.Equal(Enumerable.Range(0, readers).Select(reader => (reader, isLine, Environment.CurrentManagedThreadId)), went);
        Assert.False(ReaderLine.IsRunning);
    }

    [Fact]
    public void A_reader_that_brings_what_another_one_waits_for_leaves_the_line_as_it_was()
    {
        var lines = new List<bool>();

        ReaderLine.GoOn([1, 2], _ =>
        {
            ReaderLine.GoOn([3, 4], _ => lines.Add(ReaderLine.IsRunning));
            lines.Add(ReaderLine.IsRunning);
        });

        Assert.Equal(Enumerable.Repeat(true, 6), lines);
        Assert.False(ReaderLine.IsRunning);
    }

    [Fact]
    public async Task More_than_may_go_on_here_do_so_elsewhere_and_this_thread_does_not_wait_for_them()
    {
        const int Readers = (2 * ReaderLine.ReadersMax) + 1;
        using var mayGoOn = new ManualResetEventSlim();
        TaskCompletionSource<(bool IsLine, bool IsOnPool)>[] went =
            [.. Enumerable.Range(0, Readers).Select(_ => new TaskCompletionSource<(bool, bool)>(TaskCreationOptions.RunContinuationsAsynchronously))];
        var caller = new Thread(() => ReaderLine.GoOn([.. Enumerable.Range(0, Readers)], reader =>
        {
            bool isOnPool = Thread.CurrentThread.IsThreadPoolThread;
            if (isOnPool)
                mayGoOn.Wait(Patience);
            went[reader].SetResult((ReaderLine.IsRunning, isOnPool));
        }));

        caller.Start();
        Assert.True(caller.Join(Patience), "the thread that brought the bytes waited for the pool's");
        mayGoOn.Set();

        (bool, bool)[] all = await Task.WhenAll(went.Select(reader => reader.Task)).WaitAsync(Patience);
        Assert.Equal(Enumerable.Repeat((true, false), ReaderLine.ReadersMax), all.Take(ReaderLine.ReadersMax));
        Assert.Equal(Enumerable.Repeat((true, true), ReaderLine.ReadersMax), all.Skip(ReaderLine.ReadersMax).Take(ReaderLine.ReadersMax));
        Assert.Equal((false, true), all[^1]);
    }
}
