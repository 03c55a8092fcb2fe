using Hal.Cache.Contracts;

namespace Hal.Cache.Gateway.Peers;

/// <summary>How one attempt to have an authority run something ended; no error where it has replied.</summary>
/// <param name="IsSent">It may have run there.</param>
/// <param name="HasReplied">The client may have got a part of the reply.</param>
internal readonly record struct CallAttempt(CacheError? Error, bool IsSent, bool HasReplied);
