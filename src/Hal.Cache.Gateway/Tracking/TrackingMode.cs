namespace Hal.Cache.Gateway.Tracking;

/// <summary>CLIENT TRACKING's options as the client gave them.</summary>
/// <param name="RedirectTo">Client that gets the messages, 0 for itself.</param>
/// <param name="Caching">CLIENT CACHING for the next command; null where it was not given.</param>
internal sealed record TrackingMode(
    bool IsOn, long RedirectTo, bool Broadcast, bool OptIn, bool OptOut, bool NoLoop, IReadOnlyList<byte[]> Prefixes, bool? Caching)
{
    /// <summary>Most prefixes of one client.</summary>
    public const int PrefixesMax = 1024;

    public static readonly TrackingMode Off = new(false, 0, false, false, false, false, [], null);

    /// <summary>Whether the keys of a command that runs now are remembered.</summary>
    public bool Remembers => IsOn && !Broadcast && (!OptIn || Caching == true) && (!OptOut || Caching is null);
}
