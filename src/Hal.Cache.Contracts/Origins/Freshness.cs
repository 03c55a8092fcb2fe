namespace Hal.Cache.Contracts.Origins;

/// <summary>How long a copy of an origin object is served without a question to the origin.</summary>
/// <param name="Mode">What happens when <paramref name="Period"/> is over.</param>
/// <param name="Period">Time since the copy was read or last validated; zero asks on every read, infinite never.</param>
public readonly record struct Freshness(FreshnessMode Mode, TimeSpan Period)
{
    /// <summary>Objects never change at the origin: a copy is good for ever.</summary>
    public static Freshness Immutable { get; } = new(FreshnessMode.Immutable, Timeout.InfiniteTimeSpan);

    /// <summary>What a mount that says nothing gets: validated at most every 5 s.</summary>
    public static Freshness Default { get; } = Validate(TimeSpan.FromSeconds(5));

    public static Freshness Validate(TimeSpan period) => new(FreshnessMode.Validate, period);

    public static Freshness Ttl(TimeSpan period) => new(FreshnessMode.Ttl, period);

    /// <summary>Whether a copy that was read or validated <paramref name="age"/> ago may be served without asking.</summary>
    public bool Covers(TimeSpan age) => Mode == FreshnessMode.Immutable || age < Period;
}
