using Hal.Cache.Contracts;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway.Peers;

/// <summary>Runs the commands that other instances forward, each once however often it is sent.</summary>
internal sealed class ForwardedRuns(Keyspace keyspace)
{
    private readonly ForwardedCalls calls = new();

    /// <summary>Begins the command that a call announced: it runs, or its reply of before is given again.</summary>
    public Outcome Begin(CommandContext context, CommandDispatcher dispatcher)
    {
        PeerSession peer = context.Client.Peer!;
        ForwardedCall call = peer.Next!.Value;
        peer.Next = null;
        CommandSpans.BeginForwarded(context, peer.Trace);
        peer.Trace = default;
        switch (calls.Begin(call, keyspace.Authority!.Epoch, out ForwardedCalls.Entry? entry))
        {
            case ForwardedCalls.Standing.New:
                peer.Current = entry;
                context.Writer = call.Writer;
                peer.Call = call;
                entry!.Client = context.Client.Id;
                if (call.Instance != 0)
                    BeginTracked(context, call);
                return dispatcher.Go(context);
            case ForwardedCalls.Standing.Running:
                return context.RunAsync(again => RepeatAsync(again, entry!));
            default:
                return Repeat(context, entry);
        }
    }

    /// <summary>The client here that runs a request, 0 for none.</summary>
    public long ClientOf(long caller, long request) => calls.Find(caller, request) is { Ended.Task.IsCompleted: false } entry ? entry.Client : 0;

    /// <summary>Notes the reply of the command that ended.</summary>
    public static void End(CommandContext context, int replyStart)
    {
        if (context.Client.Peer is not { Current: { } entry } peer)
            return;
        peer.Current = null;
        peer.Call = default;
        EndTracked(context);
        CommandSpans.End(context, replyStart);
        bool isShort = context.Reply.Deferred.Count == 0 && context.Reply.Length - replyStart <= ForwardedCalls.ReplyBytesMax;
        entry.End(isShort ? context.Reply.WrittenSpan[replyStart..].ToArray() : null, context.Scope.Address, context.Waits.ToArray());
    }

    /// <summary>The connection ends: whether its last command has taken effect is not known.</summary>
    public static void Cut(CommandContext context)
    {
        if (context.Client.Peer is not { Current: { } entry })
            return;
        entry.End(null, 0, []);
        EndTracked(context);
    }

    private void BeginTracked(CommandContext context, in ForwardedCall call)
    {
        if (call.Tracks)
        {
            context.Client.Peer!.TracksFor = call.Instance;
            context.Client.Modes |= ClientModes.Tracking;
        }

        keyspace.Authority!.BeginForwarded(context.Client.Id, call.Instance, call.Request, call.WantsOwn);
    }

    private static void EndTracked(CommandContext context)
    {
        context.Client.Peer!.TracksFor = 0;
        context.Client.Modes &= ~ClientModes.Tracking;
        context.Keyspace.Authority?.EndForwarded(context.Client.Id);
    }

    private static async ValueTask RepeatAsync(CommandContext context, ForwardedCalls.Entry entry)
    {
        await entry.Ended.Task.WaitAsync(context.Cancellation).ConfigureAwait(false);
        Repeat(context, entry);
    }

    // Its reply waits for all that the first one waited for.
    private static Outcome Repeat(CommandContext context, ForwardedCalls.Entry? entry)
    {
        if (entry?.Reply == null)
            return context.Error($"{RespErrors.OutcomeUnknown}: the connection broke while the command ran");
        context.Scope.Address = Math.Max(context.Scope.Address, entry.Address);
        context.Waits.Add(entry.Tickets);
        context.Reply.Raw(entry.Reply);
        return Outcome.Done;
    }
}
