using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>Users and what they may do, where Redis 7.2 words it otherwise than the installed one, and what takes several clients.</summary>
public sealed class AclTests
{
    [Theory]
    [InlineData("ACL LIST", "*1|$51|user default on nopass sanitize-payload ~* &* +@all")]
    [InlineData("ACL SETUSER u +@string +get -get +config|get +config ~a %R~b &c (+get ~x); ACL GETUSER u",
        "+OK|*12|$5|flags|*2|$3|off|$16|sanitize-payload|$9|passwords|*0|$8|commands|$27|-@all +@string -get +config|$4|keys|$7|~a %R~b|"
        + "$8|channels|$2|&c|$9|selectors|*1|*6|$8|commands|$10|-@all +get|$4|keys|$2|~x|$8|channels|$0|")]
    [InlineData("ACL SETUSER u on >p; ACL LIST",
        "+OK|*2|$51|user default on nopass sanitize-payload ~* &* +@all|$112|user u on sanitize-payload "
        + "#148de9c5a7a44d19e56cd9ae1a554bf67847afb0c58f6e12fa29ac7ddfca9940 resetchannels -@all")]
    [InlineData("ACL SETUSER u ~a +get; ACL DRYRUN u GET b; ACL DRYRUN u SET a 1; ACL DRYRUN u PING",
        "+OK|$47|User u has no permissions to access the 'b' key|$50|User u has no permissions to run the 'set' command|$51|User u has no permissions to run the 'ping' command")]
    [InlineData("ACL SETUSER u +@pubsub &a*; ACL DRYRUN u PUBLISH ab x; ACL DRYRUN u SUBSCRIBE ab b; ACL DRYRUN u PSUBSCRIBE ab; ACL DRYRUN u PSUBSCRIBE a*",
        "+OK|+OK|$51|User u has no permissions to access the 'b' channel|$52|User u has no permissions to access the 'ab' channel|+OK")]
    [InlineData("ACL SETUSER u on nopass +get ~a; AUTH u x; GET a; GET b; SET a 1; PUBLISH c m",
        "+OK|+OK|$-1|-NOPERM No permissions to access a key|-NOPERM User u has no permissions to run the 'set' command|-NOPERM User u has no permissions to run the 'publish' command")]
    [InlineData("ACL SETUSER u on nopass +set +bitfield %R~r; ACL DRYRUN u SET r v; ACL DRYRUN u BITFIELD r GET u8 0; ACL DRYRUN u BITFIELD r SET u8 0 1",
        "+OK|$47|User u has no permissions to access the 'r' key|+OK|$47|User u has no permissions to access the 'r' key")]
    [InlineData("ACL SETUSER u on nopass +select|0; AUTH u x; SELECT 0; SELECT 1",
        "+OK|+OK|+OK|-NOPERM User u has no permissions to run the 'select' command")]
    [InlineData("ACL SETUSER u on nopass (+get ~a) (+set ~b); AUTH u x; GET a; SET b 1; GET b; SET a 1",
        "+OK|+OK|$-1|+OK|-NOPERM No permissions to access a key|-NOPERM No permissions to access a key")]
    [InlineData("ACL SETUSER u +@all -@all +get reset; ACL LIST",
        "+OK|*2|$51|user default on nopass sanitize-payload ~* &* +@all|$47|user u off sanitize-payload resetchannels -@all")]
    [InlineData("ACL SETUSER u on nopass +multi +exec +get ~a; AUTH u x; MULTI; GET b; EXEC",
        "+OK|+OK|+OK|-NOPERM No permissions to access a key|-EXECABORT Transaction discarded because of previous errors.")]
    public async Task Users_may_do_what_their_rules_say(string script, string expected)
    {
        await using var host = new ServerHost();

        string got = await host.RunAsync(string.Join("; ", script.Split("; ").Select(command => "a>" + command)));

        Assert.Equal(expected.TrimEnd('|'), got);
    }

    [Theory]
    [InlineData("HAL.WHERE a:1 b:x", null)]
    [InlineData("HAL.WHERE a:1 c", "c")]
    [InlineData("HAL.ROUTE b:x TO c", null)]
    [InlineData("HAL.ROUTE b:y", "b:y")]
    [InlineData("HAL.AFFINITY AT c KEYS a:1 a:2", null)]
    [InlineData("HAL.AFFINITY AT c KEYS a:1 PREFIX", "PREFIX")]
    [InlineData("HAL.AFFINITY PREFIX a:1", null)]
    [InlineData("HAL.AFFINITY PREFIX a", "a")]
    [InlineData("HAL.AFFINITY PREFIX b:x", "b:x")]
    [InlineData("HAL.PRESTAGE START AT c PREFIX a: KEYS b:x", null)]
    [InlineData("HAL.PRESTAGE START prefix a: manifest a:m", "a:m")]
    [InlineData("HAL.PRESTAGE LIST", null)]
    [InlineData("HAL.PIN ADD KEYS c", "c")]
    [InlineData("HAL.PIN ADD EX 5 PREFIX c", "c")]
    [InlineData("HAL.EVICT a:1 MATCH", "MATCH")]
    [InlineData("HAL.EVICT PINNED a:1", null)]
    [InlineData("HAL.EVICT MATCH a:*", null)]
    [InlineData("HAL.EVICT PINNED match a:[12]*", null)]
    [InlineData("HAL.EVICT MATCH ?:x", "?:x")]
    [InlineData("HAL.EVICT MATCH b:*", "b:*")]
    [InlineData("HAL.EVICT MATCH d?f", null)]
    public async Task Keys_that_a_command_only_names_must_be_permitted_as_well(string command, string? refused)
    {
        await using var host = new ServerHost();

        string got = await host.RunAsync($"a>ACL SETUSER u on nopass +@all ~a:* %R~b:x ~d?f; a>ACL DRYRUN u {command}; a>ACL SETUSER v on nopass +@all ~*; a>ACL DRYRUN v {command}");

        Assert.Equal($"+OK|{(refused is null ? "+OK" : $"${46 + refused.Length}|User u has no permissions to access the '{refused}' key")}|+OK|+OK", got);
    }

    [Theory]
    [InlineData("a>HELLO 2; b>ACL SETUSER u on nopass +@all ~* &*; a>AUTH u x; a>MULTI; a>GET k; b>ACL SETUSER u -get; a>EXEC",
        "+OK|+OK|+QUEUED|*1|-NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "
        + "This command is no longer allowed for the following reason: no permission to execute the command or subcommand")]
    [InlineData("a>HELLO 2; b>CONFIG SET requirepass p; a>PING; a>RESET; a>PING; a>AUTH q; a>AUTH p; a>PING",
        "+PONG|+RESET|-NOAUTH Authentication required.|-WRONGPASS invalid username-password pair or user is disabled.|+OK|+PONG")]
    [InlineData("a>HELLO 2; b>CONFIG SET requirepass p; a>RESET; b>CONFIG SET requirepass ; a>PING", "+RESET|+PONG")]
    [InlineData("a>HELLO 2; b>ACL SETUSER default -@all +ping; a>GET k; a>PING", "-NOPERM User default has no permissions to run the 'get' command|+PONG")]
    public async Task Changed_rules_hold_from_the_next_command_on(string script, string expected)
    {
        await using var host = new ServerHost();

        Assert.Equal(expected, await host.RunAsync(script));
    }

    [Fact]
    public async Task Removing_a_user_cuts_its_connections_and_no_other()
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>ACL SETUSER u on nopass +@all; b>AUTH u x; c>PING");

        Assert.Equal(":1\r\n", await host["a"].RunAsync(["ACL", "DELUSER", "u"]));

        Assert.True(host["b"].IsCut);
        Assert.False(host["c"].IsCut);
    }

    [Fact]
    public async Task Clients_are_listed_and_killed_by_their_user()
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>ACL SETUSER u on nopass +@all; b>AUTH u x; c>PING");

        string list = await host["a"].RunAsync(["CLIENT", "LIST"]);
        string killed = await host["a"].RunAsync(["CLIENT", "KILL", "USER", "u"]);

        Assert.Equal(["default", "u", "default"], list.Split('\n').Where(line => line.Contains(" user=", StringComparison.Ordinal))
            .Select(line => line.Split(" user=")[1].Split(' ')[0]));
        Assert.Equal(":1\r\n", killed);
        Assert.True(host["b"].IsCut);
        Assert.False(host["c"].IsCut);
    }

    [Theory]
    [InlineData("resetchannels &x", true)]
    [InlineData("resetchannels &ch", false)]
    [InlineData("+ping", false)]
    public async Task Listeners_are_cut_where_their_user_may_no_longer_hear_their_channel(string rules, bool isCut)
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>ACL SETUSER u on nopass +@all allchannels; b>AUTH u x; b>SUBSCRIBE ch");

        await host["a"].RunAsync(["ACL", "SETUSER", "u", .. rules.Split(' ')]);

        Assert.Equal(isCut, host["b"].IsCut);
    }

    [Theory]
    [InlineData("ACL SETUSER u resetchannels")]
    [InlineData("ACL DELUSER u")]
    public async Task A_connection_that_rules_cut_is_not_listed_though_its_end_takes_a_while(string command)
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>ACL SETUSER u on nopass +@all allchannels");
        var heard = new ClientSubscriptions();
        heard.TryAdd(SubscriptionKind.Channel, "ch"u8.ToArray());
        host.State.Clients.TryAdd(new ClientSession(1000, "remote", "local", host.Time.GetUtcNow(), static () => { })
        {
            User = host.State.Acl.Find("u")!, Subscriptions = heard,
        });
        Assert.Contains("id=1000 ", await host["a"].RunAsync(["CLIENT", "LIST"]), StringComparison.Ordinal);

        await host.RunAsync("a>" + command);

        Assert.DoesNotContain("id=1000 ", await host["a"].RunAsync(["CLIENT", "LIST"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_counts_like_refusals_together_and_forgets_the_oldest()
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>ACL SETUSER u on >p +get ~a; b>AUTH u q; b>AUTH u p; b>GET b; b>GET b; b>SET a 1; +61; b>GET b");

        List<AclLogEntry> entries = host.State.AclLog.Latest(10);

        Assert.Equal(
            ["Key 1 b", "Command 1 set", "Key 2 b", "Authentication 1 AUTH"],
            entries.Select(entry => $"{entry.Reason} {entry.Count} {System.Text.Encoding.Latin1.GetString(entry.Object)}"));
        Assert.All(entries, entry => Assert.Equal("u", entry.User));
        await host["a"].RunAsync(["CONFIG", "SET", "acllog-max-len", "1"]);
        Assert.Equal(3, Assert.Single(host.State.AclLog.Latest(10)).Id);
    }

    [Fact]
    public async Task File_gives_back_the_users_that_were_saved_and_nothing_where_a_line_is_wrong()
    {
        string directory = Directory.CreateTempSubdirectory("hal-acl-").FullName;
        try
        {
            var file = new AclFile(Path.Combine(directory, "users.acl"));
            await using var first = new ServerHost();
            await first.RunAsync("a>ACL SETUSER u on >p +@read -get %R~a &c (+set ~b); a>ACL SETUSER default resetpass >d");
            await File.WriteAllTextAsync(Path.Combine(directory, "users.acl"), "");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.Combine(directory, "users.acl"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Assert.True(file.TrySave(first.State.Acl));
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(directory, "users.acl")));
            await using var second = new ServerHost();
            second.State.Acl.TrySet("gone", []);

            Assert.Null(file.TryLoad(second.State.Acl));

            Assert.Equal(first.State.Acl.Describe(), second.State.Acl.Describe());
            Assert.True(second.State.Acl.NeedsPassword);
            await File.WriteAllTextAsync(Path.Combine(directory, "users.acl"), "user v on\nuser v off\nuser w +nosuch\nnobody\n");
            string wrong = file.TryLoad(second.State.Acl)!;
            Assert.Contains(":2: Duplicate user found", wrong, StringComparison.Ordinal);
            Assert.Contains(":3: Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL", wrong, StringComparison.Ordinal);
            Assert.Contains(":4: should start with user keyword", wrong, StringComparison.Ordinal);
            Assert.Equal(first.State.Acl.Describe(), second.State.Acl.Describe());
            Assert.Equal(["users.acl"], Directory.GetFiles(directory).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
