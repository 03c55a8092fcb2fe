namespace Hal.Cache.Contracts.Peers;

/// <summary>An instance of the tree by name, and where its RESP port is.</summary>
public sealed record PeerAddress(string Name, string Host, int Port)
{
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name}={Host}:{Port}");
}
