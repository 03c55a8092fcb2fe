using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Tests.Values;

public sealed class ByteTableTests
{
    public static TheoryData<int> Seeds => ValueSeed.All;

    [Fact]
    public void A_table_that_grows_leaves_little_to_the_collector()
    {
        const int items = 100_000;
        long before = GC.GetAllocatedBytesForCurrentThread();
        var table = new ByteTable(0);
        byte[] key = new byte[16];
        for (int i = 0; i < items; i++)
        {
            BitConverter.TryWriteBytes(key, i);
            table.Add([.. key], key.Length);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(allocated, items * 40L, table.MemoryBytes * 5 / 4);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Scan_shows_what_is_there_throughout_while_the_table_grows_and_shrinks(int seed)
    {
        var random = new Random(seed);
        var table = new ByteTable(0);
        var stays = new HashSet<string>();
        for (int i = 0; i < 2000; i++) stays.Add($"stays{i}");
        foreach (string key in stays) Add(table, key);
        for (int round = 0; round < 4; round++)
        {
            var seen = new HashSet<string>();
            var found = new List<TableSlot>();
            uint cursor = 0;
            int extra = 0, calls = 0;
            do
            {
                found.Clear();
                cursor = table.Scan(cursor, 10, found);
                foreach (TableSlot slot in found) seen.Add(ValueSeed.Text(slot.Item));
                bool grows = round % 2 == 0;
                for (int i = 0; i < 40; i++)
                {
                    if (grows) Add(table, $"extra{round}:{extra++}");
                    else table.Remove(ValueSeed.Bytes($"extra{round - 1}:{extra++}"));
                }

                Assert.True(++calls < 100_000, $"seed {seed}: the scan does not end");
            }
            while (cursor != 0);
            Assert.True(stays.IsSubsetOf(seen), $"seed {seed}, round {round}: {stays.Except(seen).Count()} were not shown");
        }

        Assert.Equal(table.Count, Count(table));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Table_is_as_a_set_and_its_bytes_are_given_back(int seed)
    {
        var random = new Random(seed);
        var table = new ByteTable(0);
        long empty = table.MemoryBytes;
        var model = new HashSet<string>();
        for (int step = 0; step < 60_000; step++)
        {
            string key = "k" + random.Next(step < 30_000 ? 20_000 : 3000);
            bool adds = random.Next(step < 30_000 ? 4 : 40) != 0 == step < 30_000;
            if (adds && model.Add(key)) Add(table, key);
            else if (!adds) Assert.Equal(model.Remove(key), table.Remove(ValueSeed.Bytes(key)) is not null);
            if (step % 997 == 0) Assert.True(table.Contains(ValueSeed.Bytes(key)) == model.Contains(key), $"seed {seed}, step {step}: {key}");
        }

        Assert.Equal(model.Order(), Keys(table).Order());
        foreach (string key in model) table.Remove(ValueSeed.Bytes(key));
        Assert.Equal(0, table.Count);
        Assert.InRange(table.MemoryBytes, 0, empty + 100_000);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_items_are_about_evenly_spread(int seed)
    {
        var random = new Random(seed);
        var table = new ByteTable(0);
        const int Items = 5000, Draws = 100_000;
        for (int i = 0; i < Items; i++) Add(table, "k" + i);
        var counts = new Dictionary<string, int>();
        for (int i = 0; i < Draws; i++)
        {
            string key = ValueSeed.Text(table.Random(random).Item);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        // 20 draws of each are expected: chi-squared stays within some 8 standard deviations of its mean.
        double chi = Enumerable.Range(0, Items).Sum(i => Math.Pow(counts.GetValueOrDefault("k" + i) - (Draws / Items), 2) / (Draws / Items));
        Assert.True(Math.Abs(chi - Items) < 8 * Math.Sqrt(2 * Items), $"seed {seed}: chi-squared is {chi}");
    }

    private static void Add(ByteTable table, string key) => table.Add(ValueSeed.Bytes(key), key.Length);

    private static List<string> Keys(ByteTable table)
    {
        var keys = new List<string>();
        foreach (TableSlot slot in table) keys.Add(ValueSeed.Text(slot.Item));
        return keys;
    }

    private static int Count(ByteTable table) => Keys(table).Distinct().Count();
}
