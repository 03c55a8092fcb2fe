namespace Hal.Cache.Client;

/// <summary>How a control plane is reached over HTTP.</summary>
public sealed class ControlPlaneClientOptions
{
    // More than a timer takes is a mistake of units.
    private static readonly TimeSpan TimeMax = TimeSpan.FromDays(1);

    /// <summary>Where it listens, such as <c>http://10.0.0.7:8080</c>; http or https, without query.</summary>
    public required Uri Url { get; init; }

    /// <summary>The bearer token; null where it asks for none.</summary>
    public string? Secret { get; init; }

    /// <summary>Tries of one call, the first included; 1 or more.</summary>
    public int AttemptsMax { get; init; } = 3;

    /// <summary>Wait before the second try; it doubles with each further one, up to <see cref="RetryDelayMax"/>, less a random part up to a half.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one try may take.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Silence after which an event stream counts as lost; the server breaks its own every 15 s.</summary>
    public TimeSpan StreamTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Bytes of an answer that are taken.</summary>
    public long AnswerBytesMax { get; init; } = 256L << 20;

    /// <summary>Null, or the rule that a setting breaks.</summary>
    public string? Problem() =>
        !Url.IsAbsoluteUri || Url.Scheme is not ("http" or "https") || Url.Query.Length > 0 ? $"Url is '{Url}'; it must be an http or https address without query"
        : Secret is not null && Secret.AsSpan().ContainsAny('\r', '\n', '\0') ? "Secret has a line's end or a zero; a header can't carry it"
        : AttemptsMax < 1 ? $"AttemptsMax is {AttemptsMax}; it must be 1 or more"
        : Wrong(nameof(RetryDelay), RetryDelay, TimeSpan.Zero) ?? Wrong(nameof(RetryDelayMax), RetryDelayMax, TimeSpan.Zero)
        ?? Wrong(nameof(AttemptTimeout), AttemptTimeout, TimeSpan.FromTicks(1)) ?? Wrong(nameof(StreamTimeout), StreamTimeout, TimeSpan.FromTicks(1))
        ?? (AnswerBytesMax is < 1 or > int.MaxValue ? $"AnswerBytesMax is {AnswerBytesMax}; it must be from 1 to {int.MaxValue}" : null);

    private static string? Wrong(string name, TimeSpan time, TimeSpan least) =>
        time >= least && time <= TimeMax ? null : $"{name} is {time}; it must be {(least > TimeSpan.Zero ? "above zero" : "zero or more")} and at most a day";
}
