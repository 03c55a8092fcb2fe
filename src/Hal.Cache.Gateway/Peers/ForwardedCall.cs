using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// Names one command that an instance forwards: its caller (a number that the forwarding process chose at its start), the request's number
/// there, which attempt this is, and the authority's epoch that the first attempt went to, 0 where it was not known.
/// </summary>
internal readonly record struct ForwardedCall(long Caller, long Request, int Attempt, long Epoch)
{
    /// <summary>How the instance is to be registered as a holder of what the command writes.</summary>
    public WriteMark Writer { get; init; }

    /// <summary>Number of the instance, where its client tracks keys in a way that the authority is to know of; else 0.</summary>
    public ulong Instance { get; init; }

    /// <summary>Changes of the keys that the command reads are told to the instance.</summary>
    public bool Tracks { get; init; }

    /// <summary>The command's own changes are told to the instance as such.</summary>
    public bool WantsOwn { get; init; }

    /// <summary>At the instance more memory is in use than it may be: scripts' commands that may take some are refused.</summary>
    public bool DeniesMemory { get; init; }

    /// <summary>At the instance writes need replicas: scripts' are refused.</summary>
    public bool DeniesWrites { get; init; }

    /// <summary>What a script calls is told to the instance ahead of the reply, for its monitors.</summary>
    public bool WantsLines { get; init; }
}
