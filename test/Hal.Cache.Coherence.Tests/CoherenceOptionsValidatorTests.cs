namespace Hal.Cache.Coherence.Tests;

public sealed class CoherenceOptionsValidatorTests
{
    [Fact]
    public void Defaults_are_valid() => Assert.Empty(CoherenceOptionsValidator.Validate(new CoherenceOptions()));

    [Theory]
    [InlineData(5.101, 1)]
    [InlineData(5.102, 0)]
    public void The_authoritys_lease_must_outlast_the_holders_by_the_clocks_error(double seconds, int failures)
    {
        var options = new CoherenceOptions { AuthorityLeaseDuration = TimeSpan.FromSeconds(seconds) };

        var messages = CoherenceOptionsValidator.Validate(options);

        Assert.Equal(failures, messages.Count);
        Assert.All(messages, m =>
        {
            Assert.Contains("Coherence:AuthorityLeaseDuration is 00:00:05.1010000", m, StringComparison.Ordinal);
            Assert.Contains("at least LeaseDuration (00:00:05) x (1 + rho) / (1 - rho)", m, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Every_bad_setting_is_named_with_its_value()
    {
        var options = new CoherenceOptions { LeaseDuration = TimeSpan.Zero, HeldMax = 0, ClockRateError = double.NaN, MaxStale = TimeSpan.FromSeconds(-1) };

        var messages = CoherenceOptionsValidator.Validate(options);

        Assert.Equal(
            ["Coherence:LeaseDuration is 00:00:00;", "Coherence:MaxStale is -00:00:01;", "Coherence:HeldMax is 0;", "Coherence:ClockRateError is NaN;"],
            messages.Select(m => m[..(m.IndexOf(';', StringComparison.Ordinal) + 1)]));
    }
}
