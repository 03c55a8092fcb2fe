using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Servers;

/// <summary>The servers that a suite runs against: the silo, and redis-server as the control that shows that the suite asks for the right thing.</summary>
internal static class ServersUnderTest
{
    /// <summary>Set to 1 to run the long suites against redis-server as well.</summary>
    private const string ControlVariable = "HAL_TEST_CONTROL";

    /// <summary>Both servers: for suites that are quick.</summary>
    public static TheoryData<string> SiloAndControl => ["silo", "redis"];

    /// <summary>Both servers, and the leaf of a tree with three levels, which answers as its root does.</summary>
    public static TheoryData<string> SiloLeafAndControl => ["silo", "leaf", "redis"];

    /// <summary>The silo, and redis-server when HAL_TEST_CONTROL is 1: for suites that are long.</summary>
    public static TheoryData<string> SiloFirst => Environment.GetEnvironmentVariable(ControlVariable) == "1" ? ["silo", "redis"] : ["silo"];

    /// <summary>A running server of that name; null, with one line of output, where it is not there.</summary>
    public static IServerUnderTest? Start(string name, ITestOutputHelper output, SiloProcessOptions? silo = null, params string[] redis)
    {
        if (name == "redis")
        {
            if (RedisServerProcess.IsAvailable) return RedisServerProcess.Started(redis);
            output.WriteLine("Left out: redis-server is not installed.");
            return null;
        }

        return name == "leaf" ? new TreeLeaf(silo) : SiloProcess.Started(silo);
    }
}
