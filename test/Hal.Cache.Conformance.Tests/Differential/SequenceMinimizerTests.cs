namespace Hal.Cache.Conformance.Tests.Differential;

public sealed class SequenceMinimizerTests
{
    private const int Seed = 7;

    [Fact]
    public void Minimize_keeps_only_what_the_failure_needs()
    {
        var random = new Random(Seed);
        var needed = new[] { random.Next(300), 300 + random.Next(300), 600 + random.Next(300) };

        var shortest = SequenceMinimizer.Minimize(Enumerable.Range(0, 1000).ToList(), trial => needed.All(trial.Contains), 10_000);

        Assert.Equal(needed, shortest);
    }

    [Fact]
    public void Minimize_stops_when_its_attempts_are_used_up()
    {
        var attempts = 0;

        var shortest = SequenceMinimizer.Minimize(Enumerable.Range(0, 1000).ToList(), trial => ++attempts > 0 && trial.Contains(999), 5);

        Assert.Equal(5, attempts);
        Assert.Contains(999, shortest);
    }
}
