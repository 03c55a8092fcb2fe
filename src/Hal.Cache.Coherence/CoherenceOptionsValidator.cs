using System.Globalization;

namespace Hal.Cache.Coherence;

/// <summary>The rules between the settings of <see cref="CoherenceOptions"/>; each message names setting, value and rule.</summary>
public static class CoherenceOptionsValidator
{
    /// <summary>Largest clock error that can be set: beyond it the authority would wait for more than three leases.</summary>
    public const double ClockRateErrorMax = 0.5;

    /// <summary>What is wrong; empty where nothing is.</summary>
    public static IReadOnlyList<string> Validate(CoherenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new List<string>();
        Span<(string Name, TimeSpan Value)> times =
        [
            (nameof(options.LeaseDuration), options.LeaseDuration), (nameof(options.AuthorityLeaseDuration), options.AuthorityLeaseDuration),
            (nameof(options.InvalidateTimeout), options.InvalidateTimeout), (nameof(options.HelloTimeout), options.HelloTimeout),
            (nameof(options.ResendAfter), options.ResendAfter), (nameof(options.FlightTimeout), options.FlightTimeout),
        ];
        foreach (var (name, value) in times)
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1)) failures.Add($"Coherence:{name} is {value}; it must be above 0 and at most 1 day.");
        }

        if (options.EvictDelay < TimeSpan.Zero) failures.Add($"Coherence:{nameof(options.EvictDelay)} is {options.EvictDelay}; it must not be negative.");
        if (options.MaxStale < TimeSpan.Zero) failures.Add($"Coherence:{nameof(options.MaxStale)} is {options.MaxStale}; it must not be negative.");
        Span<(string Name, int Value, int Max)> counts =
        [
            (nameof(options.BatchMax), options.BatchMax, 65_536), (nameof(options.BatchKeyBytesMax), options.BatchKeyBytesMax, 16 << 20),
            (nameof(options.InstancesMax), options.InstancesMax, 32_768),
            (nameof(options.DirectoryKeysMax), options.DirectoryKeysMax, 1_000_000_000), (nameof(options.HeldMax), options.HeldMax, int.MaxValue),
            (nameof(options.UnansweredMax), options.UnansweredMax, int.MaxValue), (nameof(options.FlightsMax), options.FlightsMax, int.MaxValue),
            (nameof(options.WaitersMax), options.WaitersMax, int.MaxValue), (nameof(options.NegativeCopiesMax), options.NegativeCopiesMax, int.MaxValue),
            (nameof(options.RequestsMax), options.RequestsMax, int.MaxValue),
        ];
        foreach (var (name, value, max) in counts)
        {
            if (value < 1 || value > max) failures.Add($"Coherence:{name} is {value}; it must be from 1 to {max}.");
        }

        ValidateLeases(options, failures);
        return failures;
    }

    // The holder's lease ends within D_L/(1-rho) of real time; the authority's wait, begun later, lasts D_A/(1+rho) or more.
    private static void ValidateLeases(CoherenceOptions options, List<string> failures)
    {
        var rho = options.ClockRateError;
        if (!(rho >= 0 && rho <= ClockRateErrorMax))
        {
            failures.Add(string.Create(CultureInfo.InvariantCulture, $"Coherence:{nameof(options.ClockRateError)} is {rho}; it must be from 0 to {ClockRateErrorMax}."));
            return;
        }

        var needed = options.LeaseDuration * ((1 + rho) / (1 - rho));
        if (options.AuthorityLeaseDuration < needed)
        {
            failures.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"Coherence:{nameof(options.AuthorityLeaseDuration)} is {options.AuthorityLeaseDuration}; it must be at least {nameof(options.LeaseDuration)} ({options.LeaseDuration}) x (1 + rho) / (1 - rho) = {needed}, rho being {nameof(options.ClockRateError)} ({rho})."));
        }
    }
}
