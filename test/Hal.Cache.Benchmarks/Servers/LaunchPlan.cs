namespace Hal.Cache.Benchmarks.Servers;

/// <summary>A command line; <paramref name="ReadyPrefix"/> starts the output line that says it serves, where the product prints one.</summary>
internal sealed record LaunchPlan(string File, IReadOnlyList<string> Arguments, string? ReadyPrefix = null);

/// <summary>Where one server lives: loopback ports and a directory of its own; <paramref name="Again"/> when it finds its earlier data.</summary>
internal sealed record ServerPlace(int Port, int HttpPort, string Directory, bool Again);

/// <summary>How data outlives a restart: an optional command before it, then SIGTERM or SIGKILL.</summary>
internal sealed record RestartRecipe(string? CommandBefore, bool Kill, string Means);
