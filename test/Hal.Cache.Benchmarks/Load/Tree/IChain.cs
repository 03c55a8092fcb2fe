using System.Net;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>One product as three levels between clients and a directory: what is asked there, a source for two leaves, and the leaves.</summary>
internal interface IChain : IAsyncDisposable
{
    /// <summary>The column of the table.</summary>
    string Name { get; }

    Wire Wire { get; }

    /// <summary>Where clients read: two leaves.</summary>
    IReadOnlyList<IPEndPoint> Leaves { get; }

    /// <summary>What clients call an object of the directory.</summary>
    string NameOf(string file);

    /// <summary>Bytes that were read from the directory until now.</summary>
    long OriginBytes();

    /// <summary>The processes of each instance.</summary>
    IReadOnlyList<IReadOnlyList<int>> Processes();

    /// <summary>Ends the leaves' source as <c>kill -9</c> does.</summary>
    void KillSource();

    /// <summary>Starts it again.</summary>
    Task RestoreSourceAsync(CancellationToken cancel);
}
