using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Conformance.Tests.Durability;

/// <summary>What a user expects to find after a restart besides plain keys.</summary>
public sealed class RestartTests
{
    [Theory]
    [InlineData("commit", true)]
    [InlineData("none", false)]
    public void Functions_and_times_of_fields_are_there_after_a_restart(string durability, bool isKilled)
    {
        using var silo = SiloProcess.Started(new SiloProcessOptions { Durability = durability });
        using (var client = new RespTestClient(silo.Port))
        {
            client.Command("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function(keys, args) return args[1] * 2 end)");
            client.Command("HSET", "h", "soon", "1", "late", "2", "never", "3");
            client.Command("HPEXPIRE", "h", "1", "FIELDS", "1", "soon");
            Assert.Equal(1, client.Command("HEXPIREAT", "h", "4000000000", "FIELDS", "1", "late").Items![0].Number);
            client.Command([.. (string[])["HSET", "large"], .. Enumerable.Range(0, 2000).SelectMany(i => (string[])[$"f{i}", new string('v', 20)])]);
            client.Command("HEXPIREAT", "large", "4000000001", "FIELDS", "1", "f7");
        }

        if (isKilled) silo.Kill();
        else silo.Terminate();
        silo.Start();

        using var again = new RespTestClient(silo.Port);
        Assert.Equal(42, again.Command("FCALL", "f", "0", "21").Number);
        Assert.Equal([-2L, 4_000_000_000, -1], again.Command("HEXPIRETIME", "h", "FIELDS", "3", "soon", "late", "never").Items!.Select(item => item.Number));
        Assert.Equal(2, again.Command("HLEN", "h").Number);
        Assert.Equal([4_000_000_001L, -1], again.Command("HEXPIRETIME", "large", "FIELDS", "2", "f7", "f8").Items!.Select(item => item.Number));
    }
}
