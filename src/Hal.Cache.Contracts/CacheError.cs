namespace Hal.Cache.Contracts;

/// <summary>An expected failure: what kind, and one line for a person.</summary>
public sealed record CacheError(CacheErrorCode Code, string Message)
{
    public override string ToString() => $"{Code}: {Message}";
}
