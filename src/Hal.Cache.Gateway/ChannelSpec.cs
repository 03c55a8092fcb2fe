namespace Hal.Cache.Gateway;

/// <summary>Which arguments are channels that the command listens or sends to.</summary>
/// <param name="Last">The last one's argument; negative for all to the end.</param>
/// <param name="ArePatterns">They are globs, which a user must have been given as they are.</param>
internal sealed record ChannelSpec(int First, int Last, bool ArePatterns = false);
