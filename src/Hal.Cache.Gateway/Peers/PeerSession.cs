using System.Diagnostics;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway.Acl;

namespace Hal.Cache.Gateway.Peers;

/// <summary>What a connection from another instance of the tree is besides a client's.</summary>
internal sealed class PeerSession(PeerChallenge challenge)
{
    public PeerChallenge Challenge => challenge;

    public string Name => challenge.Peer;

    public bool IsProven { get; private set; }

    public PeerChannelKind Kind { get; private set; }

    /// <summary>Whether the connection goes on as frames, which another loop than that of commands reads.</summary>
    public bool IsHandedOver => IsProven && Kind != PeerChannelKind.Commands;

    /// <summary>Whose the next command is; null for none.</summary>
    public ForwardedCall? Next { get; set; }

    /// <summary>The span that waits for the next command at the other end; default where it is not traced.</summary>
    public ActivityContext Trace { get; set; }

    /// <summary>The restricted user of the last command that had one, and the rules that it was made of.</summary>
    public (byte[] Rules, AclUser User)? User { get; set; }

    /// <summary>The command that runs now.</summary>
    public ForwardedCalls.Entry? Current { get; set; }

    /// <summary>Instance that is told of changes of the keys that the command of now reads, 0 for none.</summary>
    public ulong TracksFor { get; set; }

    /// <summary>What the caller wants of the command of now, default for none.</summary>
    public ForwardedCall Call { get; set; }

    public void Prove(PeerChannelKind kind) => (IsProven, Kind) = (true, kind);
}
