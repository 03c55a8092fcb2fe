namespace Hal.Cache.Benchmarks.Servers;

/// <summary>How one product is started, made durable and restarted; <see cref="RunningServer"/> runs it.</summary>
internal interface IServerUnderTest
{
    /// <summary>The column of the tables, and the word that <c>--servers</c> takes.</summary>
    string Name { get; }

    /// <summary>Finds or installs the program and returns its version; <see cref="BenchmarkException"/> where it cannot.</summary>
    Task<string> PrepareAsync(CancellationToken cancel);

    LaunchPlan Launch(ServerPlace place, Durability durability);

    RestartRecipe Restart(Durability durability);
}
