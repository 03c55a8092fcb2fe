using Hal.Cache.Coherence;
using Hal.Cache.Node.Tree.Collections;

namespace Hal.Cache.Node.Tests.Tree.Collections;

public sealed class PullLedgerTests
{
    private const long Large = 100 * PullLedger.ReadBytes;

    private static readonly KeyId Key = new(5, 0);

    private readonly PullLedger ledger = new();

    [Fact]
    public void The_first_read_brings_a_copy_and_so_does_every_read_of_a_small_one()
    {
        Assert.False(ledger.Waits(Key));

        ledger.Ended(Key, 2 * PullLedger.ReadBytes - 1, reads: 1);

        Assert.False(ledger.Waits(Key));
    }

    [Fact]
    public void Each_loss_doubles_the_reads_at_the_holder_up_to_what_the_copy_is_worth()
    {
        foreach (int expected in (int[])[2, 4, 8, 16, 32, 64, 100, 100])
        {
            ledger.Ended(Key, Large, reads: 1);
            int waits = 0;
            while (ledger.Waits(Key)) waits++;
            Assert.Equal(expected, waits);
        }
    }

    [Fact]
    public void A_copy_that_paid_makes_the_next_one_come_at_once()
    {
        ledger.Ended(Key, Large, reads: 1);
        Assert.True(ledger.IsWaiting(Key));
        Assert.True(ledger.Waits(Key));

        ledger.Ended(Key, Large, reads: 100);

        Assert.False(ledger.IsWaiting(Key));
        Assert.False(ledger.Waits(Key));
    }

    [Fact]
    public void Reading_once_after_each_write_moves_about_the_worth_of_a_read_each()
    {
        const int reads = 20_000;
        long moved = 0;
        bool isHere = false;
        for (int read = 0; read < reads; read++)
        {
            if (!isHere && !ledger.Waits(Key))
            {
                isHere = true;
                moved += Large;
            }

            if (isHere) ledger.Ended(Key, Large, reads: 1);
            isHere = false;
        }

        Assert.InRange(moved, reads / 2 * (long)PullLedger.ReadBytes, (reads * (long)PullLedger.ReadBytes) + (10 * Large));
    }

    [Fact]
    public void Keys_beyond_the_limit_make_it_forget_and_not_grow()
    {
        for (ulong key = 0; key <= PullLedger.KeysMax; key++) ledger.Ended(new KeyId(key, 0), Large, reads: 0);

        Assert.False(ledger.Waits(new KeyId(0, 0)));
        Assert.True(ledger.Waits(new KeyId(PullLedger.KeysMax, 0)));
    }
}
