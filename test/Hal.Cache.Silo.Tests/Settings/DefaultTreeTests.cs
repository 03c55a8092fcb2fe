using Hal.Cache.Contracts.Instances;
using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo.Tests.Settings;

public sealed class DefaultTreeTests : SiloHome
{
    [Fact]
    public void Nothing_said_of_an_instance_is_a_root_a_branch_and_a_leaf_that_share_one_instances_limits()
    {
        var options = Read([], []);

        Assert.True(options.IsDefaultTree);
        Assert.Equal(
            ["root/Root//127.0.0.1:6379/noeviction", "branch/Branch/root/127.0.0.1:6380/s3fifo", "leaf/Leaf/branch/127.0.0.1:6381/s3fifo"],
            options.Instances.Select(i => $"{i.Name}/{i.Role}/{i.Parent}/{i.Listen}/{i.Policy}"));
        Assert.Equal([256L << 20, 128L << 20, 128L << 20], options.Instances.Select(i => i.MemoryBytes));
        Assert.Equal(["root", "branch", "leaf"], options.Instances.Select(i => Path.GetRelativePath(Path.Combine(Home, ".local/share/hal-cache"), i.Data)));
        Assert.All(options.Instances, i => Assert.Equal(0, i.DiskBytes % (1 << 20)));
        Assert.All(options.Instances, i => Assert.InRange(i.DiskBytes, SiloOptions.DiskMinBytes, SiloOptions.DiskDefaultMaxBytes / 2));
        Assert.All(options.Instances, i => Assert.Equal(("root", 32), (i.Root, i.ClusterSecret.Length)));
    }

    [Fact]
    public void What_concerns_all_of_the_process_keeps_the_tree_and_holds_for_every_instance()
    {
        var aclFile = Write("users.acl", "");
        var options = Read(
            [
                ("http", ["127.0.0.1:9090"]), ("origin", ["a/=file:///a"]), ("requirepass", ["secret"]), ("aclfile", [aclFile]), ("cluster-view", ["on"]),
                ("durability", ["none"]), ("coherence", ["available"]), ("postgres", ["Host=db"]), ("log-level", ["error"]),
                ("otlp", ["http://collector:4317"]),
            ],
            []);

        Assert.True(options.IsDefaultTree);
        Assert.All(options.Instances, i => Assert.Equal(("secret", Durability.None, "Available"), (i.RequirePass, i.Durability, $"{i.Coherence}")));
        Assert.Equal(["a/=file:///a", "", ""], options.Instances.Select(i => string.Join(' ', i.Origins)));
    }

    [Theory]
    [InlineData("name", "local")]
    [InlineData("listen", "127.0.0.1:6379")]
    [InlineData("data", "/tmp")]
    [InlineData("memory", "512mb")]
    [InlineData("disk", "0")]
    [InlineData("policy", "noeviction")]
    [InlineData("control-plane", "http://127.0.0.1:8081")]
    public void A_setting_of_one_instance_is_one_instance_that_stands_alone_though_it_says_the_default(string name, string value)
    {
        var options = Read([(name, [value])], []);

        Assert.False(options.IsDefaultTree);
        Assert.Equal([(InstanceRole?)null], options.Instances.Select(i => i.Role));
        Assert.Equal("local", options.Name);
    }

    [Fact]
    public void The_environment_and_the_file_count_as_the_command_line_does()
    {
        var file = Write("c.json", """{ "memory": "100mb" }""");

        Assert.False(Read([], [("HAL_DISK", "0")]).IsDefaultTree);
        Assert.False(Read([("config", [file])], []).IsDefaultTree);
        Assert.True(Read([("config", [Write("d.json", """{ "durability": "none" }""")])], []).IsDefaultTree);
    }

    [Fact]
    public void HTTP_on_a_port_of_the_tree_is_refused()
    {
        SettingsReader.Read(new Dictionary<string, IReadOnlyList<string>> { ["http"] = ["127.0.0.1:6380"] }, v => v == "HOME" ? Home : null, out var error);

        Assert.Equal("--http is '127.0.0.1:6380'; it must differ from listen", error?.ToString());
    }

    private SiloOptions Read((string Name, string[] Values)[] given, (string Name, string Value)[] environment)
    {
        var variables = environment.Append(("HOME", Home)).ToDictionary(v => v.Item1, v => v.Item2);
        var options = SettingsReader.Read(given.ToDictionary(g => g.Name, g => (IReadOnlyList<string>)g.Values), variables.GetValueOrDefault, out var error);
        Assert.Null(error);
        return options!;
    }
}
