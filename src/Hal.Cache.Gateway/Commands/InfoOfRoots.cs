using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Peers;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.Commands;

/// <summary>What INFO says of the data set and of scripts in a tree, where they are the roots': keys of all roots together, scripts of the default one.</summary>
internal sealed class InfoOfRoots
{
    private const string ScriptsBegin = "number_of_cached_scripts:";
    private const string ScriptsEnd = "used_memory_lua:";

    /// <summary>Bytes of a verbatim reply that name its format.</summary>
    private const int VerbatimFormat = 4;

    private readonly long[] keys = new long[IBlobStore.Databases];
    private readonly long[] expires = new long[IBlobStore.Databases];
    private string? scripts;

    /// <summary>Whether other instances know better than this one.</summary>
    public static bool IsWanted(CommandContext c) => !c.Server.IsAuthority || c.Server.Places is not null;

    /// <summary>Asks the roots; one that does not answer in time is left out, and null where none does.</summary>
    public static async ValueTask<InfoOfRoots?> AskAsync(CommandContext c, CommandForwarder forwarder)
    {
        IKeyAuthorities authorities = c.Server.Tree!.Authorities;
        var all = new InfoOfRoots();
        bool isKnown = false;
        foreach (string root in authorities.Roots.Names)
        {
            if (authorities.IsAuthority && root == authorities.Self)
                all.AddOwn(c);
            else if (Body(await forwarder.AskAsync(c, root, "INFO", "keyspace", "memory").ConfigureAwait(false)) is { } text)
                all.Add(text, isDefault: root == authorities.Roots.Default);
            else
                continue;
            isKnown = true;
        }

        return isKnown ? all : null;
    }

    public void WriteKeyspace(StringBuilder text)
    {
        for (int database = 0; database < keys.Length; database++)
        {
            if (keys[database] > 0) InfoCommands.Line(text, $"db{database}:keys={keys[database]},expires={expires[database]},avg_ttl=0");
        }
    }

    /// <summary>Puts the root's lines about scripts in the place of this instance's.</summary>
    public void PutScripts(StringBuilder text, int from)
    {
        string section = text.ToString(from, text.Length - from);
        if (scripts is null || Scripts(section) is not { } own) return;
        text.Remove(from, section.Length).Append(section.Replace(own, scripts, StringComparison.Ordinal));
    }

    private static string? Scripts(string text)
    {
        int begin = text.IndexOf(ScriptsBegin, StringComparison.Ordinal), end = text.IndexOf(ScriptsEnd, StringComparison.Ordinal);
        return begin >= 0 && end > begin ? text[begin..end] : null;
    }

    private void AddOwn(CommandContext c)
    {
        for (int database = 0; database < keys.Length; database++)
        {
            keys[database] += c.Store.Count(database);
            expires[database] += c.Store.CountExpiring(database);
        }
    }

    private void Add(string text, bool isDefault)
    {
        if (isDefault) scripts = Scripts(text);
        foreach (string line in text.Split("\r\n"))
        {
            // db0:keys=1,expires=0,avg_ttl=0
            string[] parts = line.Split([':', '=', ',']);
            if (parts.Length < 5 || !parts[0].StartsWith("db", StringComparison.Ordinal)) continue;
            if (!int.TryParse(parts[0].AsSpan(2), CultureInfo.InvariantCulture, out int database) || (uint)database >= (uint)keys.Length) continue;
            keys[database] += long.Parse(parts[2], CultureInfo.InvariantCulture);
            expires[database] += long.Parse(parts[4], CultureInfo.InvariantCulture);
        }
    }

    // The text of a bulk or verbatim reply; null for any other.
    private static string? Body(byte[]? reply)
    {
        if (reply is null || reply[0] is not ((byte)'$' or (byte)'=')) return null;
        int start = Array.IndexOf(reply, (byte)'\n') + (reply[0] == (byte)'=' ? 1 + VerbatimFormat : 1);
        return Encoding.ASCII.GetString(reply.AsSpan(start, reply.Length - start - 2));
    }
}
