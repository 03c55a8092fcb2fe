using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Cluster;

/// <summary>The cluster of one node that an instance may present itself as, for clients that speak to clusters only.</summary>
internal sealed class ClusterView(GatewayOptions options)
{
    private const int BusPortOffset = 10_000; // of Redis's nodes among each other; nobody listens there

    public ClusterViewMode Mode => options.ClusterView;

    /// <summary>40 hexadecimal digits, the same at every start of the instance of that name.</summary>
    public string NodeId { get; } = IdOf("node:" + options.Name);

    public string ShardId { get; } = IdOf("shard:" + options.Name);

    /// <summary>Where the client reached the instance: its answer to "where are the slots?".</summary>
    public (string Host, int Port) EndpointFor(ClientSession client) =>
        IPEndPoint.TryParse(client.Local, out IPEndPoint? local)
            ? ((local.Address.IsIPv4MappedToIPv6 ? local.Address.MapToIPv4() : local.Address).ToString(), local.Port)
            : (options.Bind, options.Port);

    public static string BusPort(int port) => (port + BusPortOffset).ToString(CultureInfo.InvariantCulture);

    private static string IdOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..40];
}
