namespace Hal.Cache.Coherence;

/// <summary>Times and limits of strict coherence; <see cref="CoherenceOptionsValidator"/> holds their rules.</summary>
public sealed class CoherenceOptions
{
    /// <summary>What a holder does while cut off.</summary>
    public CoherenceMode Mode { get; set; } = CoherenceMode.Strict;

    /// <summary>A holder's lease (D_L), from the sending of the renewal that was granted.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the authority waits for a silent holder (D_A), from its grant, or from its start.</summary>
    public TimeSpan AuthorityLeaseDuration { get; set; } = TimeSpan.FromSeconds(5.5);

    /// <summary>Largest error of a clock's rate (rho), as a part of 1.</summary>
    public double ClockRateError { get; set; } = 0.01;

    /// <summary>A holder that leaves an invalidation unanswered for longer gets no further lease.</summary>
    public TimeSpan InvalidateTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A holder whose <see cref="Messages.Hello"/> is not answered for this long begins another session.</summary>
    public TimeSpan HelloTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>An <see cref="Messages.Acquire"/> that is not answered for this long is sent again.</summary>
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A read that the authority did not answer for this long fails.</summary>
    public TimeSpan FlightTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Evictions are told at most this late.</summary>
    public TimeSpan EvictDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>In <see cref="CoherenceMode.Available"/>, how long after the end of its lease a holder goes on serving.</summary>
    public TimeSpan MaxStale { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Most items of one message.</summary>
    public int BatchMax { get; set; } = 1024;

    /// <summary>Most bytes of keys in one <see cref="Messages.Acquire"/>, unless it has one key alone: items that are small may be much together.</summary>
    public int BatchKeyBytesMax { get; set; } = 256 << 10;

    /// <summary>Instances that an authority remembers in one epoch; more are refused.</summary>
    public int InstancesMax { get; set; } = 32_768;

    /// <summary>Keys in the directory of holders; above it cold keys are invalidated, an eighth above it an acquire is answered busy.</summary>
    public int DirectoryKeysMax { get; set; } = 8_000_000;

    /// <summary>Acquires that wait at the authority; more are answered busy.</summary>
    public int HeldMax { get; set; } = 65_536;

    /// <summary>Invalidations without an answer, of one session; above it the session registers no further copies.</summary>
    public int UnansweredMax { get; set; } = 65_536;

    /// <summary>Reads and forwarded writes on their way, of one holder; more are refused.</summary>
    public int FlightsMax { get; set; } = 65_536;

    /// <summary>Reads that wait for one flight; more are refused.</summary>
    public int WaitersMax { get; set; } = 65_536;

    /// <summary>Copies that say "does not exist", of one holder; the oldest makes room.</summary>
    public int NegativeCopiesMax { get; set; } = 65_536;

    /// <summary>Requests that the authority remembers, of one instance.</summary>
    public int RequestsMax { get; set; } = 4096;
}
