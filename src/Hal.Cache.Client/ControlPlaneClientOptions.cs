namespace Hal.Cache.Client;

/// <summary>How a control plane is reached over HTTP.</summary>
public sealed class ControlPlaneClientOptions
{
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
        : AttemptsMax < 1 ? $"AttemptsMax is {AttemptsMax}; it must be 1 or more"
        : null;
}
