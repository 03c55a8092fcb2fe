using System.Text;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>ACL: users, and what they may do.</summary>
internal static class AclCommands
{
    private const CommandFlags Anyone = CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;
    private const CommandFlags Admin = Anyone | CommandFlags.Admin;
    private const int CommandAt = 3; // ACL DRYRUN user is followed by the command that it is about

    public static readonly CommandSpec[] Specs =
    [
        new("acl", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "server", Since = "6.0.0", Summary = "Commands about users.", Complexity = "Depends on subcommand.",
            Subcommands =
            [
                Row("cat", -2, Anyone, Categories, "6.0.0", "Lists the categories, or the commands of one."),
                Row("deluser", -3, Admin, DeleteUsers, "6.0.0", "Removes users and cuts their connections."),
                Row("dryrun", -4, Admin, DryRun, "7.0.0", "Tells whether a user may run a command."),
                Row("genpass", -2, Anyone, GeneratePassword, "6.0.0", "Makes a password."),
                Row("getuser", 3, Admin, GetUser, "6.0.0", "Tells all about a user."),
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "6.0.0", "Lists the subcommands."),
                Row("list", 2, Admin, List, "6.0.0", "Lists the users with their rules."),
                Row("load", 2, Admin, Load, "6.0.0", "Takes the users of the file."),
                Row("log", -2, Admin, Log, "6.0.0", "Lists what was refused."),
                Row("save", 2, Admin, Save, "6.0.0", "Writes the users to the file."),
                Row("setuser", -3, Admin, SetUser, "6.0.0", "Makes or changes a user."),
                Row("users", 2, Admin, Users, "6.0.0", "Lists the users' names."),
                Row("whoami", 2, Anyone, WhoAmI, "6.0.0", "Tells the connection's user."),
            ],
        },
    ];

    private static ReadOnlySpan<byte> NoFile =>
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration."u8;

    private static CommandSpec Row(string name, int arity, CommandFlags flags, CommandHandler handler, string since, string summary) =>
        new(name, arity, flags, KeySpec.None, handler) { Group = "server", Since = since, Summary = summary };

    private static Outcome Categories(CommandContext c)
    {
        if (c.Count > 3) return c.Error(RespErrors.SubcommandArity("ACL", c.Arg(1)));
        string[] names = CommandCategories.All;
        if (c.Count == 3)
        {
            string category = Encoding.Latin1.GetString(c.Arg(2)).ToLowerInvariant();
            if (!names.Contains(category)) return c.Error($"ERR Unknown category '{RespErrors.Cut(c.Arg(2))}'");
            names = [.. c.Server.Table.All.Where(spec => CommandCategories.Of(spec).Contains(category)).Select(spec => spec.FullName)];
        }

        c.Reply.ArrayHeader(names.Length);
        foreach (string name in names) c.Reply.Text(name);
        return Outcome.Done;
    }

    private static Outcome DeleteUsers(CommandContext c)
    {
        int removed = 0;
        bool isSelf = false;
        for (int i = 2; i < c.Count; i++)
        {
            string name = AclUsers.Text(c.Arg(i));
            if (name == AclUsers.DefaultName) return c.Error("ERR The 'default' user cannot be removed"u8);
            if (c.Server.Acl.TryRemove(name, c.Client, ref isSelf)) removed++;
        }

        c.Reply.Integer(removed);
        if (!isSelf) return Outcome.Done;
        (c.Client.User, c.Client.IsAuthenticated) = (c.Server.Acl.Default, false);
        return Outcome.Close;
    }

    private static Outcome DryRun(CommandContext c)
    {
        if (c.Server.Acl.Find(AclUsers.Text(c.Arg(2))) is not { } user) return c.Error($"ERR User '{RespErrors.Cut(c.Arg(2))}' not found");
        CommandSpec? spec = c.Server.Table.Find(c.Arg(CommandAt));
        if (spec is { Subcommands.Length: > 0 } && c.Count > CommandAt + 1) spec = CommandTable.FindSubcommand(spec, c.Arg(CommandAt + 1));
        if (spec is null) return c.Error($"ERR Command '{RespErrors.Cut(c.Arg(CommandAt))}' not found");
        if (!spec.Accepts(c.Count - CommandAt)) return c.Error(RespErrors.WrongArity(spec.FullName));
        AclDenial denial = user.Rules.Check(c, spec, CommandAt, out int arg);
        if (denial == AclDenial.None) return c.Ok();
        c.Reply.ClientText(AclGate.Text(denial, user, spec, AclGate.Latin1(c, denial, arg), verbose: true));
        return Outcome.Done;
    }

    private static Outcome GeneratePassword(CommandContext c)
    {
        long bits = 256;
        if (c.Count > 3) return c.Error(RespErrors.SubcommandArity("ACL", c.Arg(1)));
        if (c.Count == 3 && !RedisInteger.TryParse(c.Arg(2), out bits)) return c.NotInteger();
        if (bits is <= 0 or > AclLimits.PasswordBitsMax)
            return c.Error($"ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to {AclLimits.PasswordBitsMax}");
        c.Reply.Text(AclUsers.NewPassword((int)bits));
        return Outcome.Done;
    }

    private static Outcome GetUser(CommandContext c)
    {
        if (c.Server.Acl.Find(AclUsers.Text(c.Arg(2))) is not { } user)
        {
            c.Reply.Null();
            return Outcome.Done;
        }

        AclRules rules = user.Rules;
        c.Reply.MapHeader(6);
        c.Reply.Text("flags");
        string[] flags = [.. rules.Flags];
        c.Reply.SetHeader(flags.Length);
        foreach (string flag in flags) c.Reply.Text(flag);
        c.Reply.Text("passwords");
        c.Reply.ArrayHeader(rules.Passwords.Count);
        foreach (string password in rules.Passwords) c.Reply.Text(password);
        Write(c.Reply, rules.Selectors[0]);
        c.Reply.Text("selectors");
        c.Reply.ArrayHeader(rules.Selectors.Count - 1);
        foreach (AclSelector selector in rules.Selectors.Skip(1))
        {
            c.Reply.MapHeader(3);
            Write(c.Reply, selector);
        }

        return Outcome.Done;
    }

    private static void Write(RespWriter reply, AclSelector selector)
    {
        reply.Text("commands");
        reply.ClientText(selector.Commands.ToString());
        reply.Text("keys");
        reply.ClientText(selector.DescribeKeys());
        reply.Text("channels");
        reply.ClientText(selector.DescribeChannels());
    }

    private static Outcome List(CommandContext c)
    {
        List<string> lines = c.Server.Acl.Describe();
        c.Reply.ArrayHeader(lines.Count);
        foreach (string line in lines) c.Reply.ClientText(line);
        return Outcome.Done;
    }

    private static Outcome Users(CommandContext c)
    {
        List<AclUser> users = c.Server.Acl.All();
        c.Reply.ArrayHeader(users.Count);
        foreach (AclUser user in users) c.Reply.ClientText(user.Name);
        return Outcome.Done;
    }

    private static Outcome WhoAmI(CommandContext c)
    {
        c.Reply.ClientText(c.Client.User.Name);
        return Outcome.Done;
    }

    private static Outcome SetUser(CommandContext c)
    {
        string name = AclUsers.Text(c.Arg(2));
        if (AclText.HasSpaces(name)) return c.Error("ERR Usernames can't contain spaces or null characters"u8);
        var words = new List<string>();
        for (int i = 3; i < c.Count; i++) words.Add(AclUsers.Text(c.Arg(i)));
        if (!AclText.TryJoinSelectors(words, out List<string> rules, out int unmatched))
            return c.Error($"ERR Unmatched parenthesis in acl selector starting at '{words[unmatched]}'.");
        return c.Server.Acl.TrySet(name, rules) is { } refused ? c.Error(refused) : c.Ok();
    }

    // Both wait for the disk, so off the thread that polls sockets.
    private static Outcome Load(CommandContext c) => c.Server.AclFile is not { } file ? c.Error(NoFile) : c.RunAsync(async context =>
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (file.TryLoad(context.Server.Acl) is { } wrong) context.Error($"ERR {wrong}");
        else context.Reply.Ok();
    });

    private static Outcome Save(CommandContext c) => c.Server.AclFile is not { } file ? c.Error(NoFile) : c.RunAsync(async context =>
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (file.TrySave(context.Server.Acl)) context.Reply.Ok();
        else context.Error("ERR There was an error trying to save the ACLs. Please check the server logs for more information"u8);
    });

    private static Outcome Log(CommandContext c)
    {
        long count = 10;
        if (c.Count > 3) return c.Error(RespErrors.SubcommandArity("ACL", c.Arg(1)));
        if (c.Count == 3)
        {
            if (Ascii.EqualsIgnoreCase(c.Arg(2), "reset"u8))
            {
                c.Server.AclLog.Reset();
                return c.Ok();
            }

            if (!RedisInteger.TryParse(c.Arg(2), out count)) return c.NotInteger();
        }

        List<AclLogEntry> entries = c.Server.AclLog.Latest((int)Math.Clamp(count, 0, int.MaxValue));
        c.Reply.ArrayHeader(entries.Count);
        foreach (AclLogEntry entry in entries) Write(c, entry);
        return Outcome.Done;
    }

    private static void Write(CommandContext c, AclLogEntry entry)
    {
        c.Reply.MapHeader(10);
        c.Reply.Text("count");
        c.Reply.Integer(entry.Count);
        c.Reply.Text("reason");
        c.Reply.Text(entry.Reason switch { AclDenial.Command => "command", AclDenial.Key => "key", AclDenial.Channel => "channel", _ => "auth" });
        c.Reply.Text("context");
        c.Reply.Text(entry.Context);
        c.Reply.Text("object");
        c.Reply.Bulk(entry.Object);
        c.Reply.Text("username");
        c.Reply.ClientText(entry.User);
        c.Reply.Text("age-seconds");
        c.Reply.Double((c.Now - entry.UpdatedAt) / 1000.0);
        c.Reply.Text("client-info");
        c.Reply.ClientText(entry.Client);
        c.Reply.Text("entry-id");
        c.Reply.Integer(entry.Id);
        c.Reply.Text("timestamp-created");
        c.Reply.Integer(entry.CreatedAt);
        c.Reply.Text("timestamp-last-updated");
        c.Reply.Integer(entry.UpdatedAt);
    }

    private static Outcome Help(CommandContext c) => c.Help(
        "CAT [<category>]",
        "    The categories, or the commands of one.",
        "DELUSER <username> [<username> ...]",
        "    Remove users and close their connections.",
        "DRYRUN <username> <command> [<arg> ...]",
        "    Whether the user may run the command, which is not run.",
        "GETUSER <username>",
        "    All about a user.",
        "GENPASS [<bits>]",
        "    A new password of 256 bits, or as many as are asked for.",
        "LIST",
        "    The users with their rules, as the file has them.",
        "LOAD",
        "    Take the users of the file.",
        "LOG [<count> | RESET]",
        "    What was refused.",
        "SAVE",
        "    Write the users to the file.",
        "SETUSER <username> <attribute> [<attribute> ...]",
        "    Make or change a user.",
        "USERS",
        "    The users' names.",
        "WHOAMI",
        "    The user of this connection.");
}
