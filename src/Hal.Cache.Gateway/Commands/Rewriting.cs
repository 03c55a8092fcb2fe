using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Strings;

namespace Hal.Cache.Gateway.Commands;

/// <summary>
/// Commands that may have to build a large value: what is small or in memory is done at once; otherwise the value is built outside of
/// the locks from a snapshot, and put where the keys are still as they were, else built anew.
/// </summary>
internal static class Rewriting
{
    /// <summary>One try, under the locks: it ends the command, or faults, or asks for a value to be built, which the next try is given.</summary>
    public delegate Outcome Attempt(CommandContext context, PreparedValue? prepared, out Rewrite? rewrite);

    public static Outcome Run(CommandContext context, Attempt attempt)
    {
        Outcome outcome = attempt(context, null, out Rewrite? rewrite);
        return rewrite is null ? outcome : context.RunAsync(c => RunAsync(c, attempt, rewrite));
    }

    /// <summary>
    /// Puts the value that was built where the key's string is the one that it was built of, keeping its expiry; false where that is
    /// not so, or, with <paramref name="retry"/>, where there is no room.
    /// </summary>
    public static bool TryPutPrepared(CommandContext context, int keyArg, in EntryRef entry, PreparedValue? prepared, out bool retry)
    {
        retry = false;
        if (prepared is null || prepared.Versions[0] != (entry.IsNone ? 0 : entry.Version)) return false;
        retry = !context.TryPut(keyArg, prepared.Value, entry.IsNone ? 0 : entry.ExpiresAt, EntryFlags.Raw);
        return !retry;
    }

    /// <summary>Builds the value and tries again, until the command has ended.</summary>
    public static async ValueTask RunAsync(CommandContext context, Attempt attempt, Rewrite first)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // off the thread that polls sockets
        Rewrite? rewrite = first;
        PreparedValue? prepared = null;
        int start = context.Reply.Length;
        for (int rewrites = 0; ;)
        {
            if (rewrite is not null)
            {
                // A value of before was built of strings that have changed since.
                prepared?.Value.Release();
                prepared = null;
                CacheError? error = ++rewrites > StringLimits.RewritesMax
                    ? new CacheError(CacheErrorCode.Busy, "the value kept changing while it was being rewritten")
                    : null;
                if (error is null) (prepared, error) = await BuildAsync(context, rewrite);
                else rewrite.Dispose();
                if (error is not null)
                {
                    context.Error(error);
                    return;
                }
            }

            while (!context.TryLock()) await context.WaitForFenceAsync();
            Outcome outcome = AttemptLocked(context, attempt, prepared, out rewrite);
            if (rewrite is not null) continue;
            if (outcome != Outcome.Retry) break;
            context.DropReply(start);
            if (!await context.ResolveFaultAsync()) break;
        }

        prepared?.Value.Release();
    }

    /// <summary>One try under the command's locks, which are held, and let go of.</summary>
    public static Outcome AttemptLocked(CommandContext context, Attempt attempt, PreparedValue? prepared, out Rewrite? rewrite)
    {
        try
        {
            return attempt(context, prepared, out rewrite);
        }
        finally
        {
            context.Unlock();
        }
    }

    private static async ValueTask<(PreparedValue? Prepared, CacheError? Error)> BuildAsync(CommandContext context, Rewrite rewrite)
    {
        using (rewrite)
        {
            (ILargeValue? value, CacheError? error) = await rewrite.BuildAsync(context.Cancellation);
            return value is null ? (null, error) : (new(value, rewrite.Versions()), null);
        }
    }
}
