using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Consecutive writes of one connection that an authority runs: they are sent as one pipeline, which it runs in their order, and answered one
/// by one, so that a client which pipelines waits for one round trip and not for one each. A connection that breaks has those sent again that
/// were not answered, under their numbers, by which the authority runs each once.
/// </summary>
internal sealed class ForwardedWrites(CommandContext context, CommandForwarder forwarder, TimeProvider time) : IAsyncDisposable
{
    private readonly ArrayBufferWriter<byte> requests = new();
    private readonly List<ForwardedWriteCall> calls = [];
    private string authority = "";
    private ICommandLink? link;
    private Task? sending;
    private CacheError? gaveUp;
    private long began;
    private int next; // the first that is not answered
    private int sent; // up to here they may have run

    /// <summary>Writes that have no reply yet.</summary>
    public int Count => calls.Count - next;

    /// <summary>Whether no more of them may be taken before these are answered.</summary>
    public bool IsFull => calls.Count >= GatewayLimits.PipelinedWritesMax || requests.WrittenCount >= GatewayLimits.PipelinedBytesMax;

    /// <summary>
    /// Whether a command, as far as it is known before it is admitted, is one that can only be forwarded or refused, as a reply that
    /// nothing else depends on: a write that does not wait for others, of a client whose tracking need not be told of it.
    /// </summary>
    public bool Takes(CommandSpec spec, int arguments)
    {
        ClientSession client = context.Client;
        return client.Peer is null && spec.IsWrite && spec.RunsAtAuthority && spec.Accepts(arguments) && !spec.IsKeyless
            && !spec.Has(CommandFlags.Blocking | CommandFlags.Local) && !CommandRouting.IsScripting(spec)
            && (client.Modes & (ClientModes.Multi | ClientModes.Tracking)) == 0 && !client.Tracking.IsOn && client.OwnMessages is null or { WrittenCount: 0 }
            && !context.HasLargeArguments && context.Refused is null && context.Parser.Consumed <= GatewayLimits.PipelinedBytesMax
            && !context.Server.SlowLog.TimesAll && !context.Server.Latency.IsOn;
    }

    /// <summary>Takes the context's command, which was admitted; false where it is another authority's than those before it.</summary>
    public bool TryAdd()
    {
        string owner = forwarder.AuthorityOf(context);
        if (calls.Count == 0)
            authority = owner;
        else if (owner != authority)
            return false;
        int from = requests.WrittenCount;
        CallWriter.WriteRequest(context, requests);
        calls.Add(new(context.Spec, forwarder.BeginPipelined(context, authority), from, requests.WrittenCount - from, context.Parser.Consumed));
        return true;
    }

    /// <summary>Writes the next reply, or the error that takes its place; what it is the reply to, and whether it is an error.</summary>
    public async ValueTask<(ForwardedWriteCall Call, bool Failed)> NextAsync()
    {
        try
        {
            bool failed = await ReplyAsync().ConfigureAwait(false);
            ForwardedWriteCall answered = calls[next++];
            if (failed)
                forwarder.CancelWrite(answered.Call);
            if (Count == 0)
                await EndAsync().ConfigureAwait(false);
            return (answered, failed);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Gives the writes up that are not answered; the authority may run them nevertheless.</summary>
    public async ValueTask DisposeAsync()
    {
        await LetGoAsync().ConfigureAwait(false);
        for (; next < calls.Count; next++)
            forwarder.CancelWrite(calls[next].Call);
        Clear();
    }

    private async ValueTask<bool> ReplyAsync()
    {
        began = time.GetTimestamp();
        while (gaveUp is null)
        {
            CallAttempt attempt = await TryReplyAsync().ConfigureAwait(false);
            if (attempt.Error is null)
                return context.Failed;
            if (attempt.HasReplied)
            {
                context.Client.Abort(); // a part of the reply is on its way, and the rest can't be had
                throw new OperationCanceledException("the rest of a reply can't be had");
            }

            if (time.GetElapsedTime(began) >= GatewayLimits.ForwardTimeout)
                gaveUp = attempt.Error;
            else
                await Task.Delay(GatewayLimits.ForwardPause, time, context.Cancellation).ConfigureAwait(false);
        }

        context.Error($"{(next < sent ? $"{RespErrors.OutcomeUnknown}:" : "TRYAGAIN")} {RespErrors.Plain(gaveUp.Message)}");
        return true;
    }

    private async ValueTask<CallAttempt> TryReplyAsync()
    {
        context.BeginForwarded();
        if (link is null)
        {
            Result<ICommandLink> rented = await forwarder.RentAsync(authority, context.Cancellation).ConfigureAwait(false);
            if (!rented.IsOk)
                return new(rented.Error, IsSent: false, HasReplied: false);
            link = rented.Value;
            sending = SendAsync(link.Pipe.Output).AsTask(); // while replies are read, so that neither end waits for the other
        }

        var relay = new ReplyRelay(context);
        try
        {
            if (await relay.RunAsync(link.Pipe.Input).ConfigureAwait(false))
                context.NoteFailure();
            return default;
        }
        catch (Exception e) when (CallWriter.IsBreak(e))
        {
            relay.Drop();
            await LetGoAsync().ConfigureAwait(false);
            return new(new CacheError(CacheErrorCode.Unavailable, $"the connection to '{authority}' broke: {e.Message}"), IsSent: true, relay.HasPassedOn);
        }
    }

    private async ValueTask SendAsync(PipeWriter output)
    {
        for (int at = next; at < calls.Count; at++)
        {
            ForwardedWriteCall one = calls[at];
            if (at < sent)
                calls[at] = one = one with { Call = one.Call with { Attempt = one.Call.Attempt + 1 } };
            CallWriter.WriteCall(context, output, one.Call);
            output.Write(requests.WrittenSpan.Slice(one.From, one.Length));
        }

        forwarder.CountPipelined(calls.Count - next - 1);
        sent = calls.Count;
        await CallWriter.FlushAsync(output, context.Cancellation).ConfigureAwait(false);
    }

    private async ValueTask EndAsync()
    {
        if (link is not null && sending is not null)
        {
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            link.IsReusable = sending.IsCompletedSuccessfully;
        }

        await LetGoAsync().ConfigureAwait(false);
        Clear();
    }

    private async ValueTask LetGoAsync()
    {
        (ICommandLink? last, Task? writing) = (link, sending);
        (link, sending) = (null, null);
        if (last is not null)
            await last.DisposeAsync().ConfigureAwait(false);
        if (writing is not null)
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it ends with its connection
    }

    private void Clear()
    {
        calls.Clear();
        requests.ResetWrittenCount();
        (next, sent, gaveUp) = (0, 0, null);
    }
}
