using Hal.Cache.Contracts;

namespace Hal.Cache.Gateway.Peers;

/// <summary>How one try to have the authority run a command ended.</summary>
/// <param name="Error">Null where its reply has been passed on.</param>
/// <param name="IsSent">The authority may have run it.</param>
/// <param name="HasReplied">The client may have got a part of the reply.</param>
internal readonly record struct ForwardAttempt(CacheError? Error, bool IsSent, bool HasReplied);
