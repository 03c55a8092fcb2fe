using System.Text;
using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Acl;

/// <summary>Refuses what a client's user may not do: the one place where commands meet access control.</summary>
internal static class AclGate
{
    /// <summary>Whether the user may run the context's command; else the error is replied, and noted.</summary>
    public static bool Permits(CommandContext c)
    {
        AclUser user = c.Client.User;
        if (user.IsUnrestricted) return true;
        AclDenial denial = user.Rules.Check(c, c.Spec, 0, out int arg);
        if (denial == AclDenial.None) return true;
        Note(c, denial, arg, (c.Client.Modes & ClientModes.Multi) != 0 ? "multi" : "toplevel");
        c.Error("NOPERM " + Text(denial, user, c.Spec, Latin1(c, denial, arg), verbose: false));
        return false;
    }

    /// <summary>The same for a command that was permitted when it was queued.</summary>
    public static bool PermitsStill(CommandContext c)
    {
        AclUser user = c.Client.User;
        if (user.IsUnrestricted) return true;
        AclDenial denial = user.Rules.Check(c, c.Spec, 0, out int arg);
        if (denial == AclDenial.None) return true;
        Note(c, denial, arg, "multi");
        string why = denial switch
        {
            AclDenial.Command => "no permission to execute the command or subcommand",
            AclDenial.Key => "no permission to touch the specified keys",
            _ => "no permission to access one of the channels used as arguments to the command",
        };
        c.Error("NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "
            + $"This command is no longer allowed for the following reason: {why}");
        return false;
    }

    /// <summary>The same for a command that a script calls, which runs as the script's caller.</summary>
    public static bool PermitsInScript(CommandContext c)
    {
        AclUser user = c.Client.User;
        if (user.IsUnrestricted) return true;
        AclDenial denial = user.Rules.Check(c, c.Spec, 0, out int arg);
        if (denial == AclDenial.None) return true;
        Note(c, denial, arg, "lua");
        c.Error("ERR ACL failure in script: " + Text(denial, user, c.Spec, Latin1(c, denial, arg), verbose: false));
        return false;
    }

    /// <summary>Whether the user may read every key by the command: some of those that it reads are not among its arguments.</summary>
    public static bool PermitsAllReads(CommandContext c) => c.Client.User.IsUnrestricted || c.Client.User.Rules.AllowsAllReads(c, c.Spec);

    /// <summary>Redis's words for a refusal; the name of the key or channel for an administrator only.</summary>
    public static string Text(AclDenial denial, AclUser user, CommandSpec spec, string about, bool verbose) => denial switch
    {
        AclDenial.Command => $"User {user.Name} has no permissions to run the '{spec.FullName}' command",
        AclDenial.Key when verbose => $"User {user.Name} has no permissions to access the '{about}' key",
        AclDenial.Key => "No permissions to access a key",
        _ when verbose => $"User {user.Name} has no permissions to access the '{about}' channel",
        _ => "No permissions to access a channel",
    };

    public static string Latin1(CommandContext c, AclDenial denial, int arg) =>
        denial == AclDenial.Command || c.IsLarge(arg) ? "" : Encoding.Latin1.GetString(c.Arg(arg));

    private static void Note(CommandContext c, AclDenial denial, int arg, string context)
    {
        ReadOnlySpan<byte> about = denial == AclDenial.Command ? Encoding.ASCII.GetBytes(c.Spec.FullName) : c.IsLarge(arg) ? default : c.Arg(arg);
        c.Server.AclLog.Add(c, denial, context, about, c.Client.User.Name);
    }
}
