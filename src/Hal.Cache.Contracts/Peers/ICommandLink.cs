using System.Diagnostics;
using System.IO.Pipelines;

namespace Hal.Cache.Contracts.Peers;

/// <summary>A RESP connection to a peer that runs commands for this instance's clients; goes back to its pool when disposed.</summary>
public interface ICommandLink : IAsyncDisposable
{
    /// <summary>What is written are requests, what is read are their replies.</summary>
    IDuplexPipe Pipe { get; }

    /// <summary>Whether the peer, which owes no reply, has neither closed the connection nor sent something.</summary>
    bool IsFresh { get; }

    /// <summary>Set when every reply has been taken, so that the connection may be used again; otherwise disposing closes it.</summary>
    bool IsReusable { get; set; }

    /// <summary>The context of the span that runs here, to be announced to the peer; default where there is none, or where the peer takes none.</summary>
    ActivityContext Trace();
}
