using System.Text;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Gateway.Acl;

namespace Hal.Cache.Gateway.Commands;

/// <summary>What a job asks the control plane for by RESP: HAL.BATCH, HAL.PRESTAGE and HAL.PIN. This instance is meant where none is named.</summary>
internal static class HalScheduleCommands
{
    private const CommandFlags Changes = CommandFlags.Local | CommandFlags.NoScript;
    private const int NameAt = 2;

    private static readonly string[] PageWords = ["AFTER", "COUNT"];
    private static readonly string[] BeginWords = ["EX", "EXAT"];
    private static readonly string[] StartWords = ["KEYS", "PREFIX", "MANIFEST", "AT", "PRIORITY", "EX", "EXAT", "BANDWIDTH", "BATCH", "ID"];
    private static readonly string[] PinWords = ["KEYS", "PREFIX", "MANIFEST", "AT", "EX", "EXAT", "BATCH", "ID"];
    private static readonly string[] PinsWords = ["AT", "AFTER", "COUNT"];

    public static readonly CommandSpec[] Specs =
    [
        Container("hal.batch", "Batches: scopes of work whose prestage jobs and pins end together.",
        [
            Change("begin", -3, Begin, "Begins a batch, or gives one that runs another end."),
            Change("end", 3, End, "Ends a batch, with its prestage jobs and pins."),
            Row("info", 3, BatchInfo, "Tells of a batch."),
            Row("list", -2, Batches, "Lists batches by name."),
            Help(
                "BEGIN <name> [EX <seconds>|EXAT <unix-seconds>]", "    Begin a batch, or give one that runs another end.",
                "END <name>", "    End it, with its prestage jobs and pins.",
                "INFO <name>", "    Tell of a batch.", "LIST [AFTER <cursor>] [COUNT <n>]", "    List batches by name."),
        ]),
        Container("hal.prestage", "Jobs that bring keys to instances before they are asked for.",
        [
            Selecting("start", Start, "Starts to bring keys to instances, this one unless others are named."),
            Change("cancel", 3, Cancel, "Ends a job that has not ended; what is copied stays."),
            Row("info", 3, JobInfo, "Tells how far a job is."),
            Row("list", -2, Jobs, "Lists jobs, the newest first."),
            Help(
                "START [AT <instance> ...] [PRIORITY <0-100>] [EX <seconds>|EXAT <unix-seconds>] [BANDWIDTH <bytes-per-second>] [BATCH <name>] "
                + "[ID <text>] [PREFIX <prefix> ...] [MANIFEST <name>] [KEYS <key> ...]",
                "    Start to bring keys to instances; repeated with the same ID it is the same job.", "CANCEL <job>", "    End a job; what is copied stays.",
                "INFO <job>", "    Tell how far a job is.", "LIST [AFTER <cursor>] [COUNT <n>]", "    List jobs, the newest first."),
        ]),
        Container("hal.pin", "Keys that are kept from eviction.",
        [
            Selecting("add", Pin, "Keeps keys from eviction at an instance, this one unless another is named."),
            Change("remove", 3, Unpin, "Takes a pin back."),
            Row("list", -2, Pins, "Lists pins."),
            Help(
                "ADD [AT <instance>] [EX <seconds>|EXAT <unix-seconds>] [BATCH <name>] [ID <text>] [PREFIX <prefix> ...] [MANIFEST <name>] [KEYS <key> ...]",
                "    Keep keys from eviction; repeated with the same ID it is the same pin.", "REMOVE <pin>", "    Take a pin back.",
                "LIST [AT <instance>] [AFTER <cursor>] [COUNT <n>]", "    List pins."),
        ]),
    ];

    private static CommandSpec Container(string name, string summary, CommandSpec[] rows) => new(name, -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
    {
        Group = "generic", Since = "7.2.0", Summary = summary, Complexity = "Depends on subcommand.", Subcommands = rows,
    };

    private static CommandSpec Row(string name, int arity, CommandHandler handler, string summary) => new(name, arity, CommandFlags.Local, KeySpec.None, handler)
    {
        Group = "generic", Categories = ["keyspace"], Since = "7.2.0", Summary = summary, Complexity = "O(N) where N is the number of items",
    };

    // Whoever pins takes room from others, and whoever prestages bandwidth.
    private static CommandSpec Change(string name, int arity, CommandHandler handler, string summary) =>
        Row(name, arity, handler, summary) with { Flags = Changes, Categories = ["keyspace", "dangerous"], Complexity = "O(N) where N is the number of keys" };

    private static CommandSpec Selecting(string name, CommandHandler handler, string summary) =>
        Change(name, -4, handler, summary) with { Named = static (c, at) => NamedKeys.OfOptions(c, at + NameAt) };

    private static CommandSpec Help(params string[] lines) =>
        Row("help", 2, c => c.Help(lines), "Lists the subcommands.") with { Flags = CommandFlags.Loading | CommandFlags.Stale, Complexity = "O(1)" };

    private static string Name(CommandContext c) => Encoding.UTF8.GetString(c.Arg(NameAt));

    private static Outcome Begin(CommandContext c)
    {
        string name = Name(c);
        if (!PlaneArguments.TryRead(c, NameAt + 1, BeginWords, out PlaneArguments a)) return Outcome.Done;
        return c.AskPlane((plane, limit) => plane.Batches.BeginAsync(name, new BatchRequest { EndsAt = a.EndsAt }, limit), PlaneReplies.Batch);
    }

    private static Outcome End(CommandContext c)
    {
        string name = Name(c);
        return c.AskPlane((plane, limit) => plane.Batches.EndAsync(name, limit), PlaneReplies.Batch);
    }

    private static Outcome BatchInfo(CommandContext c)
    {
        string name = Name(c);
        return c.AskPlane((plane, limit) => plane.Batches.GetAsync(name, limit), PlaneReplies.Batch);
    }

    private static Outcome Batches(CommandContext c) => !PlaneArguments.TryRead(c, NameAt, PageWords, out PlaneArguments a)
        ? Outcome.Done
        : c.AskPlane((plane, limit) => plane.Batches.ListAsync(a.Page, limit), (reply, page) => PlaneReplies.Page(reply, page, PlaneReplies.Batch));

    private static Outcome Start(CommandContext c)
    {
        if (!PlaneArguments.TryRead(c, NameAt, StartWords, out PlaneArguments a)) return Outcome.Done;
        var request = new PrestageRequest
        {
            Selection = a.Selection,
            Instances = a.Instances.Count > 0 ? a.Instances : [c.Server.Options.Name],
            Priority = a.Priority,
            Deadline = a.EndsAt,
            BandwidthBytesPerSecond = a.BytesPerSecond,
            Batch = a.Batch,
        };
        return c.AskPlane((plane, limit) => plane.Scheduling.PrestageAsync(request, a.Id, limit), PlaneReplies.Prestage);
    }

    private static Outcome Cancel(CommandContext c)
    {
        string job = Name(c);
        return c.AskPlane((plane, limit) => plane.Scheduling.CancelPrestageAsync(job, limit), PlaneReplies.Prestage);
    }

    private static Outcome JobInfo(CommandContext c)
    {
        string job = Name(c);
        return c.AskPlane((plane, limit) => plane.Scheduling.GetPrestageAsync(job, limit), PlaneReplies.Prestage);
    }

    private static Outcome Jobs(CommandContext c) => !PlaneArguments.TryRead(c, NameAt, PageWords, out PlaneArguments a)
        ? Outcome.Done
        : c.AskPlane((plane, limit) => plane.Scheduling.ListPrestagesAsync(a.Page, limit), (reply, page) => PlaneReplies.Page(reply, page, PlaneReplies.Prestage));

    private static Outcome Pin(CommandContext c)
    {
        if (!PlaneArguments.TryRead(c, NameAt, PinWords, out PlaneArguments a)) return Outcome.Done;
        if (a.Instances.Count > 1) return c.Error("ERR a pin is of one instance"u8);
        var request = new PinRequest
        {
            Instance = a.Instances.Count > 0 ? a.Instances[0] : c.Server.Options.Name,
            Selection = a.Selection,
            ExpiresAt = a.EndsAt,
            Batch = a.Batch,
        };
        return c.AskPlane((plane, limit) => plane.Scheduling.PinAsync(request, a.Id, limit), PlaneReplies.Pin);
    }

    private static Outcome Unpin(CommandContext c)
    {
        string pin = Name(c);
        return c.AskPlane((plane, limit) => plane.Scheduling.UnpinAsync(pin, limit), (reply, _) => reply.Ok());
    }

    private static Outcome Pins(CommandContext c)
    {
        if (!PlaneArguments.TryRead(c, NameAt, PinsWords, out PlaneArguments a)) return Outcome.Done;
        if (a.Instances.Count > 1) return c.Error("ERR AT names one instance"u8);
        string? instance = a.Instances.Count > 0 ? a.Instances[0] : null;
        return c.AskPlane((plane, limit) => plane.Scheduling.ListPinsAsync(instance, a.Page, limit), (reply, page) => PlaneReplies.Page(reply, page, PlaneReplies.Pin));
    }
}
