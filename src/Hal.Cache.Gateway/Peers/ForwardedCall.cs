using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Names one command that an instance forwards: its caller (a number that the forwarding process chose at its start), the request's number
/// there, which attempt this is, the authority's epoch that the first attempt went to, 0 where it was not known, and how the instance is to
/// be registered as a holder of what the command writes.
/// </summary>
internal readonly record struct ForwardedCall(long Caller, long Request, int Attempt, long Epoch, WriteMark Writer = default);
