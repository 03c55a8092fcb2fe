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

    /// <summary>Whether a tree's instances report to the control plane that the root's silo hosts.</summary>
    public bool WithPlane { get; init; }

    /// <summary>Address of a control plane elsewhere for all instances of a tree; null for none.</summary>
    public string? ControlPlane { get; init; }

    /// <summary>Connection string of the database in which a tree's silos meet as one Orleans cluster; null for none.</summary>
    public string? ClusterDatabase { get; init; }

    /// <summary>Slots of a tree's roots as NAME=FIRST-LAST, told to every instance that has no others among its further options; empty where there is one root.</summary>
    public IReadOnlyList<string> Roots { get; init; } = [];

    /// <summary>Further options of a tree's instances, by the instance's name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Further { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>
    /// Ways of a tree that a test wants to break, each from an instance to another one or to <see cref="TreeProcesses.Plane"/>: they go
    /// through a proxy.
    /// </summary>
    public IReadOnlyList<(string From, string To)> Links { get; init; } = [];

    /// <summary>Where an instance of a tree keeps its data, by its name; others have a directory of their own.</summary>
    public IReadOnlyDictionary<string, string> DataDirectories { get; init; } = new Dictionary<string, string>();

    /// <summary>Instances of a tree that the others know of and that the test starts itself, later.</summary>
    public IReadOnlyList<string> Later { get; init; } = [];

    /// <summary>Variables of the environment of a tree's instances, by the instance's name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Variables { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, string>>();
}
