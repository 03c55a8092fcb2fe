using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Transactions;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Commands that run as one.</summary>
internal static class TransactionCommands
{
    private const CommandFlags Anytime = CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.AllowBusy;

    public static readonly CommandSpec[] Specs =
    [
        Row("multi", 1, Anytime | CommandFlags.Fast | CommandFlags.Unqueued, KeySpec.None, Multi, "1.2.0", "Begins a transaction: commands are queued."),
        Row("exec", 1, CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.SkipSlowlog | CommandFlags.Unqueued,
            KeySpec.None, Exec, "1.2.0", "Runs the queued commands as one.") with { Complexity = "Depends on commands in the transaction" },
        Row("discard", 1, Anytime | CommandFlags.Fast | CommandFlags.Unqueued, KeySpec.None, Discard, "2.0.0", "Forgets the queued commands.")
            with { Complexity = "O(N), when N is the number of queued commands" },
        Row("watch", -2, Anytime | CommandFlags.Fast | CommandFlags.Unqueued, new KeySpec(1, -1, Flags: KeyFlags.RO), Watch, "2.2.0", "Has EXEC run only where the keys are as they were.")
            with { Complexity = "O(1) for every key." },
        Row("unwatch", 1, Anytime | CommandFlags.Fast, KeySpec.None, Unwatch, "2.2.0", "Forgets the watched keys."),
    ];

    /// <summary>Ends the transaction, and answers EXEC with the reason.</summary>
    internal static void Abort(CommandContext c, string why)
    {
        End(c);
        c.DropReply(c.ReplyStart);
        c.Error($"EXECABORT Transaction discarded because of: {why}");
    }

    /// <summary>Forgets all that MULTI and WATCH have begun.</summary>
    internal static void End(CommandContext c)
    {
        c.Server.Monitors.TellEnd(c);
        c.Server.KeyEvents.Unwatch(c.Client);
        c.Client.Transaction?.Clear();
        c.Client.Modes &= ~ClientModes.Multi;
        c.Client.LetGoOfUpstream();
    }

    private static CommandSpec Row(string name, int arity, CommandFlags flags, KeySpec keys, CommandHandler handler, string since, string summary) =>
        new(name, arity, flags, keys, handler) { Group = "transactions", Since = since, Summary = summary, Categories = ["transaction"] };

    private static ClientTransaction TransactionOf(CommandContext c) => c.Client.Transaction ??= new();

    private static Outcome Multi(CommandContext c)
    {
        ClientTransaction transaction = TransactionOf(c);
        if (transaction.IsOpen) return c.Error("ERR MULTI calls can not be nested"u8);
        transaction.Open();
        c.Client.Modes |= ClientModes.Multi;
        return c.Ok();
    }

    private static Outcome Discard(CommandContext c)
    {
        if (c.Client.Transaction is not { IsOpen: true }) return c.Error("ERR DISCARD without MULTI"u8);
        End(c);
        return c.Ok();
    }

    private static Outcome Exec(CommandContext c)
    {
        if (c.Client.Transaction is not { IsOpen: true } transaction) return c.Error("ERR EXEC without MULTI"u8);
        if (!transaction.IsBroken)
        {
            if (c.Server.Transactions is not { } elsewhere) return new TransactionRun(c, transaction).Run();
            if (!elsewhere.TryPlace(c, transaction, out string? authority))
            {
                End(c);
                return c.Error(RespErrors.CrossSlot);
            }

            if (authority is null) return new TransactionRun(c, transaction).Run();
            if (!transaction.ChangesReplies) return c.RunAsync(context => elsewhere.ExecAsync(context, transaction, authority));
            Abort(c, "a command that changes what the connection is answered can't be in one transaction with commands that the root runs");
            return Outcome.Done;
        }

        End(c);
        return c.Error("EXECABORT Transaction discarded because of previous errors."u8);
    }

    private static Outcome Watch(CommandContext c)
    {
        ClientTransaction transaction = TransactionOf(c);
        if (transaction.IsOpen) return c.Error("ERR WATCH inside MULTI is not allowed"u8);
        if (c.Server.Transactions is { } elsewhere)
        {
            if (!elsewhere.TryWatch(c, transaction, out bool isHere)) return c.Error(RespErrors.CrossSlot);
            if (!isHere) return c.RunAsync(elsewhere.WatchAsync);
        }

        if (transaction.IsTouched) return c.Ok(); // EXEC will answer null in any case
        if (transaction.Watched.Count + c.Count - 1 > GatewayLimits.WatchedKeysMax)
            return c.Error($"ERR a client watches at most {GatewayLimits.WatchedKeysMax} keys");
        for (int i = 1; i < c.Count; i++)
        {
            BlobKey key = c.Key(i);
            bool exists = !c.Store.Find(key, ref c.Scope).IsNone; // what has expired goes now, so that its end is no change
            c.Server.KeyEvents.Watch(transaction, new WatchedKey(key.Database, key.Bytes.ToArray(), key.Hash, exists), c.Store.ShardOf(key.Hash));
        }

        return c.Ok();
    }

    private static Outcome Unwatch(CommandContext c)
    {
        c.Server.KeyEvents.Unwatch(c.Client);
        c.Client.LetGoOfUpstream();
        return c.Ok();
    }
}
