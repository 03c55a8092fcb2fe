using System.Diagnostics;
using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Node.Tests.Tree;

public sealed class AcquireFrameTests
{
    private static readonly AcquireItem[] Items =
    [
        new(new ObjectKey(new KeyId(11, 0), "a"u8.ToArray()), 1, 0), new(new ObjectKey(new KeyId(12, 3), "b"u8.ToArray()), 2, 7),
        new(new ObjectKey(new KeyId(13, 0), "c"u8.ToArray()), 3, 0),
    ];

    [Fact]
    public void Traced_items_keep_their_contexts_and_the_others_have_none()
    {
        var trace = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);

        var read = Read(Frame(new Acquire(5, 6, 7, Items) { Traces = [default, trace, default] }));

        Assert.Equal([1u, 2u, 3u], read.Items.Select(item => item.Flight));
        Assert.Equal([default, trace.SpanId, default], read.Traces.Select(context => context.SpanId));
        Assert.True(read.Traces[1].IsRemote);
    }

    [Fact]
    public void Without_traces_the_frame_is_that_of_the_first_version()
    {
        var plain = Frame(new Acquire(5, 6, 7, Items));
        var traced = Frame(new Acquire(5, 6, 7, Items) { Traces = [new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), default), default, default] });

        Assert.Equal(plain, traced[..plain.Length]); // which reads that much, and passes over the rest
        Assert.Empty(Read(plain).Traces);
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 2, 0, 0, 0, 9, 9 })] // a field of another length
    [InlineData(new byte[] { 200, 0, 0, 0, 0, 0, 0, 0 })] // of an item that is not there
    [InlineData(new byte[] { 1, 0, 0, 0, 255, 255, 255, 255, 9 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 25, 0 })]
    [InlineData(new byte[] { 1, 2, 3 })]
    public void What_a_later_version_may_add_is_passed_over(byte[] added)
    {
        var read = Read([.. Frame(new Acquire(5, 6, 7, Items)), .. added]);

        Assert.Equal(3, read.Items.Count);
        Assert.Empty(read.Traces);
    }

    private static byte[] Frame(Acquire acquire)
    {
        var writer = new FrameWriter();
        MessageCodec.Write(acquire, writer);
        return writer.Written.ToArray();
    }

    private static Acquire Read(byte[] frame) => Assert.IsType<Acquire>(MessageCodec.Read(frame));
}
