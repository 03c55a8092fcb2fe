namespace Hal.Cache.Gateway.PubSub;

/// <summary>What a subscription names.</summary>
internal enum SubscriptionKind
{
    Channel,
    Pattern,

    /// <summary>A channel of its own name space, which in a cluster belongs to a slot.</summary>
    ShardChannel,
}
