namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// Sends a client of RESP3 its messages while its command waits for others, but for those of keys that it tracks, which keep their order with what the command reads.
/// </summary>
internal sealed class WaitingPushes(CommandContext context, ReplySender sender, CancellationToken closed)
{
    private readonly ClientSession client = context.Client;
    private bool hasPushed;

    /// <summary>Runs until the command has ended; <see cref="ReplySender.BeginWait"/> came before it began.</summary>
    public async ValueTask<Outcome> RunAsync(Func<ValueTask<Outcome>> run)
    {
        bool tracks = client.Tracking.IsOn && context.Spec.Has(CommandFlags.ReadOnly);
        if (tracks && context.Server.Forwarder is null)
            client.Outbox.Hold(); // until it is in line
        else
            client.Outbox.Release(); // a write before this command may have held them, also where tracking is off by now
        try
        {
            Task<Outcome> finishing = run().AsTask();
            if (!finishing.IsCompleted)
                await PushAsync(finishing).ConfigureAwait(false);
            return await finishing.ConfigureAwait(false);
        }
        finally
        {
            if (tracks)
                client.Outbox.Release();
            if (tracks && hasPushed && context.Server.Forwarder is not null)
                context.Server.Tracking.TellAgain(context); // what was pushed ahead of the reply may have been of changes after the read
        }
    }

    private async ValueTask PushAsync(Task<Outcome> finishing)
    {
        Action before = client.Wake;
        var come = new SemaphoreSlim(0);
        client.Wake = () => come.Release();
        try
        {
            if (client.HasMessages)
                come.Release();
            for (Task next = come.WaitAsync(closed); !finishing.IsCompleted; next = next.IsCompleted ? come.WaitAsync(closed) : next)
            {
                if (await Task.WhenAny(finishing, next).ConfigureAwait(false) == next && next.IsCompletedSuccessfully)
                    hasPushed |= await sender.PushAsync().ConfigureAwait(false);
                else if (next.IsCompleted)
                    break; // the connection ends, and with it the command
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            client.Abort(); // and so the command ends
        }
        finally
        {
            client.Wake = before;
        }

        before(); // what came last is looked for when the reply has been written
    }
}
