namespace Hal.Cache.Gateway.PubSub.Relay;

/// <summary>How many subscriptions to one channel or pattern there are behind a link; 0 ends them.</summary>
internal readonly record struct InterestItem(SubscriptionKind Kind, byte[] Name, int Count);
