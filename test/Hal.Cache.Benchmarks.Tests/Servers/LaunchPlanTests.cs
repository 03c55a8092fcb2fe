using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Tests.Servers;

public sealed class LaunchPlanTests
{
    [Theory]
    [InlineData("hal", "None", "--durability none")]
    [InlineData("hal", "Commit", "--durability commit")]
    [InlineData("redis", "None", "--appendonly no")]
    [InlineData("redis", "Commit", "--appendonly yes --appendfsync always")]
    [InlineData("garnet", "Commit", "--aof --aof-commit-freq 0 --aof-commit-wait")]
    public void Launch_gives_each_table_its_durability(string name, string durability, string expected)
    {
        using var children = new ChildProcesses();
        var server = ServerCatalog.Create(name, children);

        var plan = server.Launch(new ServerPlace(7001, 7002, "/data", Again: false), Enum.Parse<Durability>(durability));

        Assert.Contains(expected, string.Join(' ', plan.Arguments), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hal")]
    [InlineData("redis")]
    [InlineData("garnet")]
    public void Launch_listens_on_the_loopback_port_it_was_given(string name)
    {
        using var children = new ChildProcesses();

        var arguments = string.Join(' ', ServerCatalog.Create(name, children).Launch(new ServerPlace(7001, 7002, "/data", false), Durability.None).Arguments);

        Assert.Contains("7001", arguments, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", arguments, StringComparison.Ordinal);
    }
}
