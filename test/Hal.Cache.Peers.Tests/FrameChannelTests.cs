using System.IO.Pipelines;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Peers.Tests;

public sealed class FrameChannelTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Frames_arrive_whole_and_in_order()
    {
        const int seed = 4, frames = 500;
        var (left, right) = Pair();
        var sink = new Sink(frames);
        var sender = new FrameChannel("right", left, 64 << 20, () => { });
        var receiving = new FrameChannel("left", right, 64 << 20, () => { }).RunAsync(sink, default);
        var random = new Random(seed);
        var sent = new List<byte[]>();
        for (var i = 0; i < frames; i++)
        {
            var frame = new byte[random.Next(i % 50 == 0 ? 200_000 : 300)];
            random.NextBytes(frame);
            sent.Add(frame);
            Assert.True(sender.TrySend(frame));
        }

        await sink.All.Task.WaitAsync(Patience);

        Assert.Equal(sent, sink.Frames);
        await left.Output.CompleteAsync();
        await receiving.WaitAsync(Patience);
        Assert.True(sink.IsClosed);
    }

    [Fact]
    public async Task A_peer_that_does_not_read_costs_the_channel_when_the_queue_is_full()
    {
        var (left, _) = Pair();
        var cut = new TaskCompletionSource();
        var channel = new FrameChannel("slow", left, 1 << 20, () => cut.TrySetResult());
        var accepted = 0;
        while (channel.TrySend(new byte[64 << 10])) accepted++;

        await cut.Task.WaitAsync(Patience);

        Assert.InRange(accepted, 15, 64);
        Assert.False(channel.TrySend([1]));
    }

    [Fact]
    public async Task A_frame_of_an_impossible_length_ends_the_channel()
    {
        var (left, right) = Pair();
        var sink = new Sink(1);
        var cut = new TaskCompletionSource();
        var receiving = new FrameChannel("bad", right, 1 << 20, () => cut.TrySetResult()).RunAsync(sink, default);

        await left.Output.WriteAsync(new byte[] { 255, 255, 255, 127, 0 });

        await receiving.WaitAsync(Patience);
        await cut.Task.WaitAsync(Patience);
        Assert.True(sink.IsClosed);
        Assert.Empty(sink.Frames);
    }

    [Fact]
    public async Task A_frame_that_is_too_long_to_send_ends_the_channel_and_throws_nothing()
    {
        var (left, _) = Pair();
        var cut = new TaskCompletionSource();
        var channel = new FrameChannel("right", left, 64 << 20, () => cut.TrySetResult());

        Assert.False(channel.TrySend(new byte[IFrameChannel.FrameBytesMax + 1]));

        await cut.Task.WaitAsync(Patience);
        Assert.False(channel.TryQueue([1]));
    }

    [Fact]
    public void What_is_queued_leaves_with_the_next_flush_in_one_write()
    {
        var (left, right) = Pair();
        var channel = new FrameChannel("right", left, 1 << 20, () => { });

        Assert.True(channel.TryQueue([1, 2]));
        Assert.True(channel.TryQueue([3]));
        Assert.False(right.Input.TryRead(out _));
        channel.Flush();

        Assert.True(right.Input.TryRead(out var read));
        Assert.Equal([2, 0, 0, 0, 1, 2, 1, 0, 0, 0, 3], read.Buffer.FirstSpan.ToArray());
    }

    [Fact]
    public async Task A_sinks_answers_have_left_when_it_is_drained()
    {
        var (left, right) = Pair();
        var sink = new Echo(left.Input);
        var channel = new FrameChannel("left", right, 1 << 20, () => { });
        sink.Channel = channel;
        var running = channel.RunAsync(sink, default);

        await left.Output.WriteAsync(new byte[] { 1, 0, 0, 0, 7, 1, 0, 0, 0, 8 });

        Assert.Equal([1, 0, 0, 0, 7, 1, 0, 0, 0, 8], await sink.Answered.Task.WaitAsync(Patience));
        await left.Output.CompleteAsync();
        await running.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_channel_that_ends_waits_for_a_send_that_the_peer_does_not_take_no_longer()
    {
        var (left, _) = Pair();
        var sink = new Sink(1);
        var channel = new FrameChannel("slow", left, 64 << 20, () => { });
        using var ending = new CancellationTokenSource();
        var running = channel.RunAsync(sink, ending.Token);
        Assert.True(channel.TryQueue(new byte[1 << 20]));
        channel.Flush();

        await ending.CancelAsync();

        await running.WaitAsync(Patience);
        Assert.True(sink.IsClosed);
        Assert.False(channel.TrySend([1]));
    }

    private static (IDuplexPipe Left, IDuplexPipe Right) Pair()
    {
        var there = new Pipe(new PipeOptions(pauseWriterThreshold: 256 << 10, resumeWriterThreshold: 128 << 10));
        var back = new Pipe();
        return (new Duplex(back.Reader, there.Writer), new Duplex(there.Reader, back.Writer));
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Sink(int wanted) : IFrameSink
    {
        public List<byte[]> Frames { get; } = [];

        public TaskCompletionSource All { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsClosed { get; private set; }

        public void Received(ReadOnlySpan<byte> frame)
        {
            Frames.Add(frame.ToArray());
            if (Frames.Count == wanted) All.TrySetResult();
        }

        public void Closed() => IsClosed = true;
    }

    private sealed class Echo(PipeReader answers) : IFrameSink
    {
        public IFrameChannel? Channel { get; set; }

        public TaskCompletionSource<byte[]> Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Received(ReadOnlySpan<byte> frame) => Channel!.TrySend(frame);

        public void Drained()
        {
            if (answers.TryRead(out var read) && !read.Buffer.IsEmpty) Answered.TrySetResult(read.Buffer.FirstSpan.ToArray());
        }

        public void Closed() => Answered.TrySetCanceled();
    }
}
