namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>How warm one instance is.</summary>
public sealed record CandidateAffinity
{
    public required string Instance { get; init; }

    /// <summary>From 1.</summary>
    public required int Rank { get; init; }

    public required InstanceState State { get; init; }

    public required long KeysLocal { get; init; }

    public required long BytesLocal { get; init; }

    public required long BytesMissing { get; init; }

    /// <summary>Bytes that no live instance can send here.</summary>
    public required long BytesUnreachable { get; init; }

    /// <summary>Time to fetch what is missing from the cheapest sources; sources send at the same time, the links of one in turn.</summary>
    public required double WarmSeconds { get; init; }

    public required double WarmMoney { get; init; }

    /// <summary>1 where all is local, towards 0 the more time and weighed money warming takes.</summary>
    public required double Score { get; init; }
}
