using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Node.Tests.Tree;

public sealed class AuthorityHostTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_has_not_come_back_in_a_lease_is_forgotten_and_nobody_before_that(bool isKnown)
    {
        await using var rig = new Rig();
        var options = new TreeOptions { Name = "root", Roots = RootTable.Sole("root"), Instance = 1 };
        var holders = new Holders { Known = isKnown ? [7] : null };
        await using var authority = new AuthorityHost(options, rig.Keyspace, epoch: 2, holders, rig.Clock, new TreeStatistics("root"));

        rig.Clock.Advance(options.Coherence.AuthorityLeaseDuration - options.TickInterval);
        int before = holders.Forgotten;
        rig.Clock.Advance(options.TickInterval * 2);
        int after = holders.Forgotten;
        rig.Clock.Advance(options.Coherence.AuthorityLeaseDuration);

        Assert.Equal((0, 1, 1), (before, after, holders.Forgotten));
    }

    private sealed class Holders : IHolderLog
    {
        public IReadOnlyCollection<ulong>? Known { get; init; }

        public int Forgotten { get; private set; }

        public bool TryAdd(ulong instance) => true;

        public void ForgetEarlier() => Forgotten++;
    }
}
