using System.Globalization;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>The server as a whole: its clock, its saves, its role, its end.</summary>
internal static class ServerCommands
{
    private const CommandFlags Anytime = CommandFlags.Loading | CommandFlags.Stale;
    private const CommandFlags Saves = CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.NoAsyncLoading;

    public static readonly CommandSpec[] Specs =
    [
        Row("time", 1, Anytime | CommandFlags.Fast, Time, "2.6.0", "Tells the server's time."),
        Row("save", 1, Saves | CommandFlags.NoMulti, Save, "1.0.0", "Makes everything durable, and answers when it is."),
        Row("bgsave", -1, Saves, BackgroundSave, "1.0.0", "Makes everything durable in the background."),
        Row("bgrewriteaof", 1, Saves, RewriteAppendOnlyFile, "1.0.0", "Does nothing: the log is reclaimed all the time."),
        Row("lastsave", 1, Anytime | CommandFlags.Fast, LastSave, "1.0.0", "Tells when everything was last durable.") with { Categories = ["admin", "dangerous"] },
        Row("role", 1, Anytime | CommandFlags.NoScript | CommandFlags.Fast, Role, "2.8.12", "Tells the role in replication.") with { Categories = ["admin", "dangerous"] },
        Row("lolwut", -1, CommandFlags.ReadOnly | CommandFlags.Fast, Lolwut, "5.0.0", "Shows the version."),
        Row("shutdown", -1, CommandFlags.Admin | CommandFlags.NoScript | Anytime | CommandFlags.NoMulti | CommandFlags.AllowBusy, Shutdown, "1.0.0",
            "Ends the server."),
        Row("wait", 3, CommandFlags.None, Wait, "3.0.0", "Counts the replicas that have the writes of this connection.")
            with { Group = "generic", Categories = ["connection"] },
        Row("waitaof", 4, CommandFlags.Blocking | CommandFlags.NoScript, WaitAof, "7.2.0", "Waits until the writes of this connection are durable.")
            with { Group = "generic" },
    ];

    private static CommandSpec Row(string name, int arity, CommandFlags flags, CommandHandler handler, string since, string summary) =>
        new(name, arity, flags, KeySpec.None, handler) { Group = "server", Since = since, Summary = summary };

    private static Outcome Time(CommandContext c)
    {
        long microseconds = (c.Time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        c.Reply.ArrayHeader(2);
        c.Reply.BulkInteger(microseconds / 1_000_000);
        c.Reply.BulkInteger(microseconds % 1_000_000);
        return Outcome.Done;
    }

    private static Outcome Save(CommandContext c) => c.RunAsync(async context =>
    {
        if (await context.Store.SaveAsync(context.Cancellation) is { } error) context.Error(error);
        else context.Reply.Ok();
    });

    private static Outcome BackgroundSave(CommandContext c)
    {
        if (c.Count > 2 || (c.Count == 2 && !Ascii.EqualsIgnoreCase(c.Arg(1), "schedule"u8))) return c.Syntax();
        _ = SaveAsync(c.Server);
        c.Reply.SimpleString("Background saving started"u8);
        return Outcome.Done;
    }

    private static async Task SaveAsync(Server.ServerState server)
    {
        try
        {
            if (await server.Keyspace.Store.SaveAsync(CancellationToken.None) is { } error) server.Errors.Count(RespErrors.Of(error));
        }
        catch (ObjectDisposedException)
        {
            // The store is closing, and saves everything itself.
        }
    }

    private static Outcome RewriteAppendOnlyFile(CommandContext c)
    {
        c.Reply.SimpleString("Background append only file rewriting started"u8);
        return Outcome.Done;
    }

    private static Outcome LastSave(CommandContext c)
    {
        c.Reply.Integer(c.Store.Statistics.SavedAt / 1000);
        return Outcome.Done;
    }

    private static Outcome Role(CommandContext c)
    {
        c.Reply.ArrayHeader(3);
        c.Reply.Bulk("master"u8);
        c.Reply.Integer(0);
        c.Reply.ArrayHeader(0);
        return Outcome.Done;
    }

    private static Outcome Lolwut(CommandContext c)
    {
        if (c.Count > 2 && Ascii.EqualsIgnoreCase(c.Arg(1), "version"u8) && !RedisInteger.TryParse(c.Arg(2), out _)) return c.NotInteger();
        c.Reply.VerbatimText(string.Create(CultureInfo.InvariantCulture, $"HAL Cache, as Redis ver. {c.Server.Options.RedisVersion}\n"));
        return Outcome.Done;
    }

    private static Outcome Shutdown(CommandContext c)
    {
        bool abort = false;
        for (int i = 1; i < c.Count; i++)
        {
            if (Ascii.EqualsIgnoreCase(c.Arg(i), "abort"u8)) abort = true;
            else if (!Ascii.EqualsIgnoreCase(c.Arg(i), "nosave"u8) && !Ascii.EqualsIgnoreCase(c.Arg(i), "save"u8)
                && !Ascii.EqualsIgnoreCase(c.Arg(i), "now"u8) && !Ascii.EqualsIgnoreCase(c.Arg(i), "force"u8)) return c.Syntax();
        }

        if (abort) return c.Count > 2 ? c.Syntax() : c.Error("ERR No shutdown in progress."u8);
        if (c.Server.Options.Shutdown is not { } shutdown) return c.Error("ERR Errors trying to SHUTDOWN. Check logs."u8);
        shutdown();
        return Outcome.Close;
    }

    private static Outcome Wait(CommandContext c)
    {
        if (!RedisInteger.TryParse(c.Arg(1), out _)) return c.NotInteger();
        if (!TryTimeout(c, 2)) return Outcome.Done;
        c.Reply.Integer(0);
        return Outcome.Done;
    }

    private static Outcome WaitAof(CommandContext c)
    {
        if (!RedisInteger.TryParse(c.Arg(1), out long local) || local is < 0 or > 1) return c.Error("ERR value is out of range, must be between 0 and 1"u8);
        if (!RedisInteger.TryParse(c.Arg(2), out long replicas) || replicas < 0) return c.Error("ERR value is out of range, must be positive"u8);
        if (!TryTimeout(c, 3)) return Outcome.Done;
        return c.RunAsync(async context =>
        {
            CacheError? error = await context.Store.WaitForCommitAsync(context.Scope.Address, context.Cancellation);
            context.Reply.ArrayHeader(2);
            context.Reply.Integer(error is null ? 1 : 0);
            context.Reply.Integer(0);
        });
    }

    private static bool TryTimeout(CommandContext c, int arg)
    {
        if (!RedisInteger.TryParse(c.Arg(arg), out long timeout))
        {
            c.Error("ERR timeout is not an integer or out of range"u8);
            return false;
        }

        if (timeout >= 0) return true;
        c.Error(RespErrors.TimeoutNegative);
        return false;
    }
}
