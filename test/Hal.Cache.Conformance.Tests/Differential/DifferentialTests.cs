using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Random commands against the silo and redis-server side by side; HAL_TEST_SEED replays a run, HAL_TEST_COMMANDS makes it longer.</summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const int Commands = 200_000;
    private const string CommandsVariable = "HAL_TEST_COMMANDS";
    private const int LeafCommands = 8_000;
    private const int ControlCommands = 8_000;
    private const int StandardSeed = 20261;

    [Fact]
    public void Silo_answers_as_redis_does_byte_for_byte()
    {
        using var model = ServersUnderTest.Start("redis", output);
        if (model is null) return;
        using var silo = SiloProcess.Started(new SiloProcessOptions { ClusterView = "off" });

        Check(silo, model, (int)TestSeed.Number(CommandsVariable, Commands), TestSeed.Of(StandardSeed));
    }

    [Fact]
    public void A_leaf_of_a_tree_answers_as_redis_does_byte_for_byte()
    {
        using var model = ServersUnderTest.Start("redis", output);
        if (model is null) return;
        using var leaf = new TreeLeaf(new SiloProcessOptions { ClusterView = "off" });

        Check(leaf, model, (int)TestSeed.Number(CommandsVariable, LeafCommands), TestSeed.Of(StandardSeed));
    }

    [Fact]
    public void Redis_answers_as_itself_so_the_grammar_has_no_chance_in_it()
    {
        using var model = ServersUnderTest.Start("redis", output);
        if (model is null) return;
        using var control = RedisServerProcess.Started();

        Check(control, model, (int)TestSeed.Number(CommandsVariable, ControlCommands), TestSeed.Of(StandardSeed));
    }

    [Fact]
    public void Differences_are_found_and_made_short_when_a_server_has_only_two_databases()
    {
        using var model = ServersUnderTest.Start("redis", output);
        if (model is null) return;
        using var smaller = RedisServerProcess.Started("--databases", "2");

        var differences = new DifferentialRun(smaller.Port, model.Port, StandardSeed).Run(2000);

        Assert.Contains(differences, one => one.Command.StartsWith("SELECT", StringComparison.OrdinalIgnoreCase) && one.Before.Count == 0);
    }

    private void Check(IServerUnderTest subject, IServerUnderTest model, int commands, int seed)
    {
        var differences = new DifferentialRun(subject.Port, model.Port, seed).Run(commands);

        output.WriteLine($"{subject.Name} against {model.Name}: {commands} commands, seed {seed}, {differences.Count} kinds of difference.");
        Assert.True(differences.Count == 0, $"Seed {seed} (HAL_TEST_SEED={seed} replays it), {differences.Count} kinds of difference:\n{string.Join('\n', differences)}");
    }
}
