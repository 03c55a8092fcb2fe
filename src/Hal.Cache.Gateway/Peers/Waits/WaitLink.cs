using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Gateway.Peers.Waits;

/// <summary>The connection to an authority that commands share which wait there: each reply comes in pieces, the next when its client has taken the last.</summary>
internal sealed class WaitLink : IFrameSink
{
    private static readonly PipeOptions OnePiece = new(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false);

    private readonly ConcurrentDictionary<long, Pipe> replies = new();
    private IFrameChannel? channel;
    private volatile bool isOver;

    /// <summary>It has ended: what would be sent is lost.</summary>
    public bool IsOver => isOver;

    public void Opened(IFrameChannel opened) => Volatile.Write(ref channel, opened);

    /// <summary>Has the authority run the context's command, and passes its reply on; a wait that the client gives up is ended there.</summary>
    public async ValueTask<CallAttempt> RunAsync(CommandContext context, ForwardedCall call)
    {
        var frame = new ArrayBufferWriter<byte>();
        WaitFrame.Begin(frame, WaitFrame.Kind.Run, call.Request);
        CallWriter.Write(context, frame, call);
        var reply = new Pipe(OnePiece);
        var relay = new ReplyRelay(context);
        bool isSent = false, isWhole = false;
        replies[call.Request] = reply;
        try
        {
            isSent = !isOver && channel!.TrySend(frame.WrittenSpan);
            if (!isSent)
                return Broken(isSent: false, hasReplied: false, "it has ended");
            if (await relay.RunAsync(reply.Reader).ConfigureAwait(false))
                context.NoteFailure();
            isWhole = true;
            return default;
        }
        catch (Exception e) when (CallWriter.IsBreak(e))
        {
            relay.Drop();
            return Broken(isSent: true, relay.HasPassedOn, e.Message);
        }
        finally
        {
            replies.TryRemove(call.Request, out _);
            await reply.Reader.CompleteAsync().ConfigureAwait(false);
            if (isSent && !isWhole)
                channel!.TrySend(WaitFrame.Of(WaitFrame.Kind.Cancel, call.Request));
        }
    }

    public void Received(ReadOnlySpan<byte> frame)
    {
        if (!WaitFrame.TryRead(frame, out WaitFrame.Kind kind, out long request) || !replies.TryGetValue(request, out Pipe? reply))
            return;
        if (kind == WaitFrame.Kind.End)
        {
            reply.Writer.Complete(); // a reply that is not whole breaks for whoever reads it
        }
        else if (kind == WaitFrame.Kind.Piece)
        {
            reply.Writer.Write(frame[WaitFrame.HeaderBytes..]);
            _ = TakeAsync(reply.Writer, request);
        }
    }

    public void Closed()
    {
        isOver = true;
        foreach (Pipe reply in replies.Values)
            reply.Writer.Complete(new IOException("it closed"));
    }

    private static CallAttempt Broken(bool isSent, bool hasReplied, string why) =>
        new(new CacheError(CacheErrorCode.Unavailable, $"the connection to the authority broke: {why}"), isSent, hasReplied);

    private async Task TakeAsync(PipeWriter writer, long request)
    {
        await writer.FlushAsync().ConfigureAwait(false);
        channel?.TrySend(WaitFrame.Of(WaitFrame.Kind.Taken, request));
    }
}
