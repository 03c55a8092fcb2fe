using Hal.Cache.Gateway.Tests.Server;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Gateway.Tests.Scripts;

public sealed class FunctionsFileTests
{
    private const string Code = "#!lua name=l\nredis.log(redis.LOG_WARNING, 'loaded')\nredis.register_function('f', function() redis.log(redis.LOG_NOTICE, 'ran', 1) return 7 end)";

    [Fact]
    public async Task Libraries_are_kept_from_process_to_process_until_they_are_deleted()
    {
        using var directory = new TempDirectory();
        string file = Path.Combine(directory.Path, "functions");
        await using (var first = Opened(file))
        {
            await first["a"].RunAsync(["FUNCTION", "LOAD", Code]);
            await first["a"].RunAsync(["FUNCTION", "LOAD", Code.Replace("=l", "=m", StringComparison.Ordinal).Replace("'f'", "'g'", StringComparison.Ordinal)]);
        }

        await using (var second = Opened(file))
        {
            Assert.Equal(":7\r\n", await second["a"].RunAsync(["FCALL", "f", "0"]));
            Assert.Equal("+OK\r\n", await second["a"].RunAsync(["FUNCTION", "DELETE", "l"]));
        }

        await using var third = Opened(file);
        Assert.Equal("-ERR Function not found\r\n", await third["a"].RunAsync(["FCALL", "f", "0"]));
        Assert.Equal(":7\r\n", await third["a"].RunAsync(["FCALL", "g", "0"]));
    }

    [Fact]
    public async Task A_change_that_cannot_be_kept_is_refused_and_not_made()
    {
        using var directory = new TempDirectory();
        await using var host = new ServerHost(options: new GatewayOptions { FunctionsFile = Path.Combine(directory.Path, "no", "such", "directory") });

        Assert.StartsWith("-MISCONF the functions can't be kept: ", await host["a"].RunAsync(["FUNCTION", "LOAD", Code]), StringComparison.Ordinal);
        Assert.Equal("*0\r\n", await host["a"].RunAsync(["FUNCTION", "LIST"]));
    }

    [Fact]
    public async Task A_damaged_file_is_told_of()
    {
        using var directory = new TempDirectory();
        string file = Path.Combine(directory.Path, "functions");
        await using (var first = Opened(file)) await first["a"].RunAsync(["FUNCTION", "LOAD", Code]);
        byte[] bytes = await File.ReadAllBytesAsync(file);
        bytes[10] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);

        await using var host = new ServerHost(options: new GatewayOptions { FunctionsFile = file });

        Assert.Contains("checksum", host.State.Scripts.Functions.TryLoadKept(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_of_redis_log_go_to_the_process_with_their_level()
    {
        var lines = new List<(int, string)>();
        await using var host = new ServerHost(options: new GatewayOptions { ScriptLog = (level, text) => lines.Add((level, text)) });

        await host["a"].RunAsync(["FUNCTION", "LOAD", Code]);
        await host["a"].RunAsync(["FCALL", "f", "0"]);
        await host["a"].RunAsync(["EVAL", "redis.log(redis.LOG_DEBUG, 'x', {}, 2)", "0"]);

        Assert.Equal([(3, "loaded"), (2, "ran 1"), (0, "x 2")], lines);
    }

    private static ServerHost Opened(string file)
    {
        var host = new ServerHost(options: new GatewayOptions { FunctionsFile = file });
        Assert.Null(host.State.Scripts.Functions.TryLoadKept());
        return host;
    }
}
