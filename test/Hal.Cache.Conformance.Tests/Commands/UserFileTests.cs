using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Commands;

/// <summary>The file of users, on this project's silo and on Redis.</summary>
public sealed class UserFileTests(ITestOutputHelper output)
{
    public static TheoryData<string> Servers => ServersUnderTest.SiloAndControl;

    [Theory]
    [MemberData(nameof(Servers))]
    public void Users_are_there_again_after_a_restart_and_as_the_file_has_them_after_a_load(string name)
    {
        using var directory = new TempDirectory("users");
        var file = directory.Combine("users.acl");
        File.WriteAllText(file, "user default on nopass ~* &* +@all\nuser alice on >wonder ~a* +get (~b +set)\n");
        using (var server = Start(name, file))
        {
            if (server is null) return;
            using var client = new RespTestClient(server.Port);
            Assert.Equal("OK", client.Command("ACL", "SETUSER", "bob", "on", ">builder", "+ping").Text);
            Assert.Equal("OK", client.Command("ACL", "SAVE").Text);
            client.Command("AUTH", "alice", "wonder");
            Assert.False(client.Command("GET", "a1").IsError);
            Assert.False(client.Command("SET", "b", "1").IsError);
            Assert.StartsWith("NOPERM", client.Command("GET", "b").Text, StringComparison.Ordinal);
            Assert.StartsWith("NOPERM", client.Command("ACL", "LIST").Text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("wonder", File.ReadAllText(file), StringComparison.Ordinal);
        using var again = Start(name, file)!;
        using var second = new RespTestClient(again.Port);
        Assert.Equal(["alice", "bob", "default"], second.Command("ACL", "USERS").Items!.Select(item => item.Text));
        Assert.Equal("OK", second.Command("AUTH", "bob", "builder").Text);
        Assert.Equal("OK", second.Command("AUTH", "default", "").Text);
        File.WriteAllText(file, "user default on nopass ~* &* +@all\nuser carol +nosuch\n");
        Assert.StartsWith($"ERR {file}:2: ", second.Command("ACL", "LOAD").Text, StringComparison.Ordinal);
        Assert.Equal(3, second.Command("ACL", "USERS").Items!.Count);
        File.WriteAllText(file, "user default on nopass ~* &* +@all\nuser carol +get\n");
        Assert.Equal("OK", second.Command("ACL", "LOAD").Text);
        Assert.Equal(["carol", "default"], second.Command("ACL", "USERS").Items!.Select(item => item.Text));
    }

    private IServerUnderTest? Start(string name, string file) =>
        ServersUnderTest.Start(name, output, new SiloProcessOptions { AclFile = file }, "--aclfile", file);
}
