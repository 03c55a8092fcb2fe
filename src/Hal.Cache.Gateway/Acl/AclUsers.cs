using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;

namespace Hal.Cache.Gateway.Acl;

/// <summary>The users of an instance, and who of its clients they are. Safe from any thread; changes are rare and made one after the other.</summary>
internal sealed class AclUsers
{
    public const string DefaultName = "default";

    private readonly CommandTable table;
    private readonly ClientRegistry clients;
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, AclUser> users = new(StringComparer.Ordinal);
    private volatile bool needsPassword;

    public AclUsers(CommandTable table, ClientRegistry clients, string? password)
    {
        (this.table, this.clients) = (table, clients);
        AclRules rules = DefaultRules();
        SetPassword(rules, password);
        users[DefaultName] = Default = new AclUser(DefaultName, rules);
        NoteDefault();
    }

    /// <summary>The user of connections that have not said who they are.</summary>
    public AclUser Default { get; }

    /// <summary>Who has not said who he is may not go on: the default user has a password, or is off.</summary>
    public bool NeedsPassword => needsPassword;

    /// <summary>The bytes' text as users and rules are kept: one character for each byte.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    public AclUser? Find(string name)
    {
        lock (gate) return users.GetValueOrDefault(name);
    }

    public List<AclUser> All()
    {
        lock (gate) return [.. users.Values];
    }

    /// <summary>The user where the password is right, else null.</summary>
    public AclUser? Authenticate(string name, ReadOnlySpan<byte> password)
    {
        AclUser? user = Find(name);
        return user is not null && user.Rules.Accepts(password) ? user : null;
    }

    /// <summary>Makes a connection the default user's, as at its beginning.</summary>
    public void Begin(ClientSession client)
    {
        client.User = Default;
        client.IsAuthenticated = !needsPassword;
    }

    /// <summary>Applies rules to a user, which is made where it is missing: all of them, or none. The reason for none in Redis's words, else null.</summary>
    public string? TrySet(string name, IEnumerable<string> rules)
    {
        lock (gate)
        {
            AclUser? user = users.GetValueOrDefault(name);
            if (user is null && users.Count >= AclLimits.UsersMax) return $"ERR there are at most {AclLimits.UsersMax} users";
            AclRules built = user is null ? new AclRules(table) : user.Rules.Copy();
            foreach (string rule in rules)
            {
                try
                {
                    built.Apply(rule);
                }
                catch (AclRuleException refused)
                {
                    return $"ERR Error in ACL SETUSER modifier '{rule}': {refused.Message}";
                }
            }

            Put(name, user, built);
            return null;
        }
    }

    /// <summary>Removes a user and cuts its connections; whether <paramref name="self"/> was one of them is told, and it is not cut.</summary>
    public bool TryRemove(string name, ClientSession self, ref bool isSelf)
    {
        lock (gate)
        {
            if (!users.Remove(name, out AclUser? user)) return false;
            isSelf |= self.User == user;
            foreach (ClientSession client in clients.All)
            {
                if (client.User == user && client != self) clients.Cut(client);
            }

            return true;
        }
    }

    /// <summary>What CONFIG SET requirepass does: the default user's only password, null for none.</summary>
    public void SetDefaultPassword(string? password)
    {
        lock (gate)
        {
            AclRules built = Default.Rules.Copy();
            SetPassword(built, password);
            Default.Rules = built;
            NoteDefault();
        }
    }

    /// <summary>The lines of a file that makes all users again.</summary>
    public List<string> Describe() => [.. All().Select(user => $"user {user.Name} {user.Rules}")];

    /// <summary>Takes the users of a file's lines in place of those there are: all, or none, and then what is wrong with them in Redis's words.</summary>
    public string? TryLoad(string file, IReadOnlyList<string> lines)
    {
        var loaded = new Dictionary<string, AclRules>();
        var wrong = new StringBuilder();
        for (int i = 0; i < lines.Count; i++)
        {
            if (AclFileLine.Read(lines[i], table, loaded) is { } error) wrong.Append(System.Globalization.CultureInfo.InvariantCulture, $"{file}:{i + 1}: {error}. ");
        }

        if (wrong.Length > 0) return $"{wrong}WARNING: ACL errors detected, no change to the previously active ACL rules was performed";
        if (loaded.Count > AclLimits.UsersMax) return $"{file} has more than {AclLimits.UsersMax} users";
        lock (gate)
        {
            loaded.TryAdd(DefaultName, DefaultRules());
            foreach (string gone in users.Keys.Where(name => !loaded.ContainsKey(name)).ToList())
            {
                users.Remove(gone, out AclUser? user);
                foreach (ClientSession client in clients.All.Where(client => client.User == user)) clients.Cut(client);
            }

            foreach ((string name, AclRules rules) in loaded) Put(name, users.GetValueOrDefault(name), rules);
        }

        return null;
    }

    public static string NewPassword(int bits)
    {
        int digits = (bits + 3) / 4;
        return Convert.ToHexStringLower(RandomNumberGenerator.GetBytes((digits + 1) / 2))[..digits];
    }

    private AclRules DefaultRules()
    {
        var rules = new AclRules(table);
        foreach (string rule in (string[])["+@all", "~*", "&*", "on", "nopass"]) rules.Apply(rule);
        return rules;
    }

    private static void SetPassword(AclRules rules, string? password)
    {
        rules.Apply("resetpass");
        rules.Apply(string.IsNullOrEmpty(password) ? "nopass" : '>' + Text(Encoding.UTF8.GetBytes(password)));
    }

    private void Put(string name, AclUser? user, AclRules rules)
    {
        if (user is null)
        {
            users[name] = new AclUser(name, rules);
            return;
        }

        AclRules before = user.Rules;
        user.Rules = rules;
        if (user == Default) NoteDefault();
        CutListeners(user, before);
    }

    private void NoteDefault() => needsPassword = !Default.Rules.IsWithoutPassword || !Default.Rules.IsOn;

    /// <summary>Connections that listen to what their user may no longer hear are cut.</summary>
    private void CutListeners(AclUser user, AclRules before)
    {
        IReadOnlyList<AclSelector> now = user.Rules.Selectors;
        if (now.Any(selector => selector.AllChannels)) return;
        byte[][] heard = [.. now.SelectMany(selector => selector.Channels)];
        if (before.Selectors.All(selector => !selector.AllChannels && selector.Channels.All(channel => heard.Contains(channel, ByteKeys.Comparer)))) return;
        foreach (ClientSession client in clients.All)
        {
            if (client.User == user && Listens(client.Subscriptions, now)) clients.Cut(client);
        }
    }

    private static bool Listens(ClientSubscriptions? subscriptions, IReadOnlyList<AclSelector> now)
    {
        if (subscriptions is null) return false;
        foreach (SubscriptionKind kind in Enum.GetValues<SubscriptionKind>())
        {
            foreach (byte[] name in subscriptions.Names(kind))
            {
                if (!now.Any(selector => selector.AllowsChannel(name, kind == SubscriptionKind.Pattern))) return true;
            }
        }

        return false;
    }
}
