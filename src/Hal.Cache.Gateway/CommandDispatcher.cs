using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Gateway.Connections;

namespace Hal.Cache.Gateway;

/// <summary>Runs one command: finds its row, checks what every command is checked for, locks its keys, and runs its handler.</summary>
internal sealed class CommandDispatcher(ServerState server)
{
    /// <summary>How often a command runs again before the client hears that it does not get through.</summary>
    private const int RetriesMax = 10_000;

    private readonly CommandTable commands = server.Commands;
    private readonly bool hasOrigins = server.Keyspace.Origins.Mounts.Count > 0;

    /// <summary>Runs the command as far as it goes without waiting; Retry and Async go on in <see cref="FinishAsync"/>.</summary>
    public Outcome Start(CommandContext context)
    {
        if (!TryResolve(context, out Outcome refused))
            return refused;
        return Attempt(context);
    }

    /// <summary>Waits for what the command misses and runs it again, as often as it takes.</summary>
    public static async ValueTask<Outcome> FinishAsync(CommandContext context, Outcome outcome, int replyStart)
    {
        for (int tries = 0; ; tries++)
        {
            if (outcome == Outcome.Async)
            {
                await context.RunPendingAsync().ConfigureAwait(false);
                return Outcome.Done;
            }

            if (outcome != Outcome.Retry)
                return outcome;
            DeferredBodies.Truncate(context.Reply, replyStart);
            CacheError? error = tries < RetriesMax
                ? await context.WaitAsync().ConfigureAwait(false)
                : new CacheError(CacheErrorCode.Busy, "the command's keys kept changing");
            if (error != null)
                return context.Error(error);
            outcome = Attempt(context);
        }
    }

    private bool TryResolve(CommandContext context, out Outcome refused)
    {
        refused = Outcome.Done;
        ReadOnlySpan<byte> name = context.Arg(0);
        if (commands.Find(name) is not { } spec)
        {
            refused = UnknownCommand(context);
            return false;
        }

        context.Spec = spec;
        if (spec.Subcommands.Length > 0 && context.Count > 1)
        {
            if (CommandTable.FindSubcommand(spec, context.Arg(1)) is not { } sub)
            {
                refused = UnknownSubcommand(context, spec);
                return false;
            }

            context.Spec = spec = sub;
        }

        if (!spec.Takes(context.Count))
        {
            refused = context.Error(RespErrors.WrongArity(spec.Name));
            return false;
        }

        ClientSession client = context.Client;
        if (!client.IsAuthenticated && !spec.Has(CommandFlags.NoAuth))
        {
            refused = context.Error(RespErrors.NoAuth);
            return false;
        }

        if (context.Refused is { } noRoom)
        {
            refused = context.Error(noRoom);
            return false;
        }

        client.Commands++;
        client.LastSpec = spec;
        context.ResolveKeys();
        if (hasOrigins && spec.Has(CommandFlags.Write) && IsReadOnly(context, out OriginMount? mount))
        {
            refused = context.Error(new CacheError(
                CacheErrorCode.ReadOnly, $"key is under the read-only origin prefix '{System.Text.Encoding.UTF8.GetString(mount!.Prefix.Span)}'"));
            return false;
        }

        return true;
    }

    private static Outcome Attempt(CommandContext context)
    {
        if (context.Spec.Has(CommandFlags.DenyOom) && !context.Store.HasRoom(context.WriteBytes))
        {
            context.NoRoom(context.WriteBytes);
            return Outcome.Retry;
        }

        context.Lock();
        try
        {
            return context.Spec.Handler(context);
        }
        finally
        {
            context.Unlock();
        }
    }

    private static bool IsReadOnly(CommandContext context, out OriginMount? mount)
    {
        mount = null;
        foreach (int arg in context.KeyArgs())
        {
            if (context.Keyspace.TryMatchOrigin(context.Arg(arg), out mount))
                return true;
        }

        return false;
    }

    private static Outcome UnknownCommand(CommandContext context)
    {
        const int shownBytesMax = 128;
        var text = new System.Text.StringBuilder("ERR unknown command '");
        text.Append(Shown(context.Arg(0))).Append("', with args beginning with: ");
        int start = text.Length;
        for (int i = 1; i < context.Count && text.Length - start < shownBytesMax; i++)
            text.Append('\'').Append(Shown(context.IsLarge(i) ? default : context.Arg(i))).Append("' ");
        return context.Error(text.ToString());

        static string Shown(ReadOnlySpan<byte> arg) => System.Text.Encoding.Latin1.GetString(arg[..Math.Min(arg.Length, shownBytesMax)]);
    }

    private static Outcome UnknownSubcommand(CommandContext context, CommandSpec spec) => context.Error(
        $"ERR unknown subcommand '{System.Text.Encoding.Latin1.GetString(context.Arg(1))}'. Try {spec.Name.ToUpperInvariant()} HELP.");
}
