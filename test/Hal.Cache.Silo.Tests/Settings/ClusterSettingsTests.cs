using Hal.Cache.Silo.Plane;
using Hal.Cache.Silo.Settings;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Processes;
#if !HAL_ORLEANS
using Microsoft.Extensions.Logging.Abstractions;
#endif

namespace Hal.Cache.Silo.Tests.Settings;

public sealed class ClusterSettingsTests : IDisposable
{
    private readonly TempDirectory directory = new("cluster-settings");

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("cluster", "zookeeper", "must be orleans")]
    [InlineData("cluster-listen", "0.0.0.0:11111", "must be a loopback address as long as cluster-secret is not set")]
    [InlineData("cluster-gateway", "0.0.0.0:30000", "must be a loopback address as long as cluster-secret is not set")]
    [InlineData("cluster-id", "two words", "must be 1 to 64")]
    [InlineData("control-plane", "http://127.0.0.1:1", "must be absent where cluster is given")]
    public void A_setting_that_breaks_a_rule_is_told(string name, string value, string rule)
    {
        var given = new Dictionary<string, IReadOnlyList<string>> { ["cluster"] = ["orleans"], ["data"] = [directory.Path], ["requirepass"] = ["s"], [name] = [value] };

        Assert.Null(SettingsReader.Read(given, _ => null, out var error));
        Assert.Contains($"{name}", error!.ToString(), StringComparison.Ordinal);
        Assert.Contains(rule, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_is_known_by_the_secret_of_its_first_silo()
    {
        var store = new MemoryControlPlaneStore();
        var first = await ClusterIdentity.CheckAsync(Silo("the secret of one cluster"), store, default);
        var second = await ClusterIdentity.CheckAsync(Silo("the secret of one cluster"), store, default);
        var stranger = await ClusterIdentity.CheckAsync(Silo("the secret of another one"), store, default);
        var elsewhere = await ClusterIdentity.CheckAsync(Silo("the secret of another one", "other"), store, default);

        Assert.Equal((null, null, null), (first, second, elsewhere));
        Assert.Contains("cluster-secret is not the one that cluster 'hal-cache' was begun with", stranger!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(store.Records, r => System.Text.Encoding.UTF8.GetString(r.Value.Span).Contains("secret", StringComparison.Ordinal));
    }

#if !HAL_ORLEANS
    [Fact]
    public async Task A_build_without_Orleans_says_how_to_get_one_with_it()
    {
        var joined = await ClusterHook.JoinAsync(Silo("the secret of one cluster"), null, NullLoggerFactory.Instance, default);

        Assert.Contains("-p:HalOrleans=true", joined.Error!.Message, StringComparison.Ordinal);
    }
#endif

    private SiloOptions Silo(string secret, string id = "hal-cache")
    {
        var file = directory.Combine(Guid.NewGuid().ToString("N"));
        File.WriteAllText(file, secret);
        var given = new Dictionary<string, IReadOnlyList<string>> { ["cluster"] = ["orleans"], ["cluster-id"] = [id], ["cluster-secret"] = [file], ["data"] = [directory.Path] };
        return SettingsReader.Read(given, _ => null, out _)!;
    }
}
