namespace Hal.Cache.Testing.Processes;

/// <summary>The silo's command line as a test wants it; sizes as the command line takes them, for instance <c>256mb</c>.</summary>
public sealed record SiloProcessOptions
{
    public string Memory { get; init; } = "256mb";

    public string Disk { get; init; } = "1gb";

    public string Durability { get; init; } = "none";

    /// <summary>Eviction policy by name; null leaves the silo's default.</summary>
    public string? Policy { get; init; }

    /// <summary>Mounts as <c>prefix/=file:///directory</c>.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>on, off or ask; null leaves the silo's default.</summary>
    public string? ClusterView { get; init; }

    /// <summary>File of users.</summary>
    public string? AclFile { get; init; }

    public string? Password { get; init; }
}
