using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Streams;
using Hal.Cache.Node.Streams;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Streams: making and removing consumer groups and their consumers, and acknowledging.</summary>
internal static class StreamGroupCommands
{
    private const int GroupBytes = 1024;

    public static readonly CommandSpec[] Specs =
    [
        new("xgroup", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "stream", Since = "5.0.0", Complexity = "Depends on subcommand.", Summary = "Changes a stream's consumer groups.",
            Subcommands =
            [
                Row("create", -5, CommandFlags.DenyOom, KeyFlags.Insert, Create, "5.0.0", "Makes a group."),
                Row("setid", -5, CommandFlags.None, KeyFlags.Update, SetId, "5.0.0", "Sets up to where a group has read."),
                Row("destroy", 4, CommandFlags.None, KeyFlags.Delete, Destroy, "5.0.0", "Removes a group."),
                Row("createconsumer", 5, CommandFlags.DenyOom, KeyFlags.Insert, CreateConsumer, "6.2.0", "Makes a consumer."),
                Row("delconsumer", 5, CommandFlags.None, KeyFlags.Delete, DeleteConsumer, "5.0.0", "Removes a consumer with all that it has pending."),
                new("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Help)
                {
                    Group = "stream", Since = "5.0.0", Summary = "Lists the subcommands.",
                },
            ],
        },
        new("xack", -4, CommandFlags.Write | CommandFlags.Fast, new(1, Flags: KeyFlags.RW | KeyFlags.Update), Acknowledge)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(1) for each ID", Summary = "Takes entries off those that a group has pending.",
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandFlags flags, KeyFlags keyFlags, CommandHandler handler, string since, string summary) =>
        new(name, arity, CommandFlags.Write | flags, new(2, Flags: KeyFlags.RW | keyFlags), handler)
        {
            Group = "stream", Since = since, Summary = summary,
        };

    private static Outcome Create(CommandContext c)
    {
        if (!TryOptions(c, takesMake: true, out bool makes, out long read)) return Outcome.Done;
        if (!c.TryChange(2, out StreamValue? stream, out Outcome outcome, GroupBytes)) return outcome;
        if (stream is null && !makes) return NoStream(c);
        if (c.Count > 8) return c.BadSubcommand();
        StreamId id = stream?.LastId ?? StreamId.Zero;
        if (!c.Arg(4).SequenceEqual("$"u8) && !c.TryId(4, 0, true, out id)) return Outcome.Done;
        bool isNew = stream is null;
        stream ??= new StreamValue(c.Keyspace.Collections);
        if (stream.CreateGroup(c.Arg(3), id, read, isNew ? null : c.Changes) is null) return c.Error("BUSYGROUP Consumer Group name already exists"u8);
        if (!c.TryCommit(2, stream, isNew, KeyChange.GroupsSet)) return Outcome.Retry;
        c.Changed("xgroup-create", 2);
        return c.Ok();
    }

    private static Outcome SetId(CommandContext c)
    {
        if (!TryOptions(c, takesMake: false, out _, out long read)) return Outcome.Done;
        if (!TryGroup(c, out StreamValue? stream, out StreamGroup? group, out Outcome outcome)) return outcome;
        if (c.Count is not (5 or 7)) return c.BadSubcommand();
        StreamId id = stream!.LastId;
        if (!c.Arg(4).SequenceEqual("$"u8) && !c.TryId(4, 0, false, out id)) return Outcome.Done;
        group!.Select(c.Changes);
        group.SetPosition(id, read, c.Changes);
        c.Commit(2, stream, KeyChange.GroupsSet);
        c.Changed("xgroup-setid", 2);
        return c.Ok();
    }

    private static Outcome Destroy(CommandContext c)
    {
        if (!c.TryChange(2, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream is null) return NoStream(c);
        if (!stream.DestroyGroup(c.Arg(3), c.Changes)) return c.Integer(0);
        c.Commit(2, stream, KeyChange.GroupsSet);
        c.Changed("xgroup-destroy", 2); // who waits for the group gets an error
        return c.Integer(1);
    }

    private static Outcome CreateConsumer(CommandContext c)
    {
        if (!TryGroup(c, out StreamValue? stream, out StreamGroup? group, out Outcome outcome)) return outcome;
        if (group!.Consumers.Find(c.Arg(4)) is not null) return c.Integer(0);
        group.Select(c.Changes);
        group.Select(c.Arg(4), c.Now, c.Changes, out _);
        c.Commit(2, stream!, KeyChange.GroupsSet);
        c.Changed("xgroup-createconsumer", 2);
        return c.Integer(1);
    }

    private static Outcome DeleteConsumer(CommandContext c)
    {
        if (!TryGroup(c, out StreamValue? stream, out StreamGroup? group, out Outcome outcome)) return outcome;
        if (group!.Consumers.Find(c.Arg(4)) is not { } consumer) return c.Integer(0);
        long pending = consumer.Pending.Count;
        if (c.IsLong(pending)) return Outcome.Async;
        group.Select(c.Changes);
        group.Select(c.Arg(4), c.Now, c.Changes, out _);
        group.Delete(consumer, c.Changes);
        c.Commit(2, stream!, KeyChange.GroupsSet);
        c.Changed("xgroup-delconsumer", 2);
        return c.Integer(pending);
    }

    private static Outcome Acknowledge(CommandContext c)
    {
        if (!c.TryChange(1, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream?.Groups.Find(c.Arg(2)) is not { } group) return c.Integer(0);
        if (!c.TryIds(3, out StreamId[] ids)) return Outcome.Done;
        group.Select(c.Changes);
        long acknowledged = 0;
        foreach (StreamId id in ids)
        {
            if (group.Acknowledge(id, c.Changes)) acknowledged++;
        }

        if (acknowledged > 0) c.Commit(1, stream, KeyChange.GroupsSet);
        else c.Changes.Clear();
        return c.Integer(acknowledged);
    }

    private static bool TryGroup(CommandContext c, out StreamValue? stream, out StreamGroup? group, out Outcome outcome)
    {
        group = null;
        if (!c.TryChange(2, out stream, out outcome, GroupBytes)) return false;
        outcome = Outcome.Done;
        if (stream is null)
        {
            NoStream(c);
            return false;
        }

        group = stream.Groups.Find(c.Arg(3));
        if (group is not null) return true;
        c.Error(StreamErrors.NoGroupOfKey(c.Arg(2), c.Arg(3)));
        return false;
    }

    private static bool TryOptions(CommandContext c, bool takesMake, out bool makes, out long read)
    {
        (makes, read) = (false, StreamValue.Unknown);
        for (int arg = 5; arg < c.Count; arg++)
        {
            if (takesMake && c.Is(arg, "MKSTREAM"u8))
            {
                makes = true;
            }
            else if (c.Is(arg, "ENTRIESREAD"u8) && arg + 1 < c.Count)
            {
                if (!c.TryLong(++arg, out read)) return false;
                if (read >= 0 || read == StreamValue.Unknown) continue;
                c.Error("ERR value for ENTRIESREAD must be positive or -1"u8);
                return false;
            }
            else
            {
                c.BadSubcommand();
                return false;
            }
        }

        return true;
    }

    private static Outcome NoStream(CommandContext c) =>
        c.Error("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically."u8);

    private static Outcome Help(CommandContext c) => c.Help(
        "CREATE <key> <groupname> <id|$> [option]",
        "    Create a new consumer group. Options are:",
        "    * MKSTREAM",
        "      Create the empty stream if it does not exist.",
        "    * ENTRIESREAD entries_read",
        "      Set the group's entries_read counter (internal use).",
        "CREATECONSUMER <key> <groupname> <consumer>",
        "    Create a new consumer in the specified group.",
        "DELCONSUMER <key> <groupname> <consumer>",
        "    Remove the specified consumer.",
        "DESTROY <key> <groupname>",
        "    Remove the specified group.",
        "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
        "    Set the current group ID and entries_read counter.");
}
