namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// Sends a client of RESP3 its messages while its command waits for others: they do not wait for the reply. Not where it tracks keys and
/// the command reads, or the authority runs it: what the reply itself causes, or puts an end to, must not be told ahead of it.
/// </summary>
internal sealed class WaitingPushes(ClientSession client, ReplySender sender, CancellationToken closed)
{
    /// <summary>Runs until the command has ended; <see cref="ReplySender.BeginWait"/> came before it began.</summary>
    public async ValueTask<Outcome> RunAsync(Task<Outcome> finishing)
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
                    await sender.PushAsync().ConfigureAwait(false);
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
        return await finishing.ConfigureAwait(false);
    }
}
