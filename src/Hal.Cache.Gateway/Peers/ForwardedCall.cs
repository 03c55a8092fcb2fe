namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Names one command that an instance forwards: its caller (a number that the forwarding process chose at its start), the request's number
/// there, which attempt this is, and the authority's epoch that the first attempt went to, 0 where it was not known.
/// </summary>
/// <param name="Instance">Number of the instance, where its client tracks keys in a way that the authority is to know of; else 0.</param>
/// <param name="Tracks">Changes of the keys that the command reads are told to the instance.</param>
/// <param name="WantsOwn">The command's own changes are told to the instance as such.</param>
internal readonly record struct ForwardedCall(
    long Caller, long Request, int Attempt, long Epoch, ulong Instance = 0, bool Tracks = false, bool WantsOwn = false);
