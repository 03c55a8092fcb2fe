using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Tests.Values;

public sealed class ListpackTests
{
    public static TheoryData<int> Seeds => ValueSeed.All;

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Listpack_is_as_a_list_of_strings_under_any_changes(int seed)
    {
        var random = new Random(seed);
        var model = new List<string>();
        Listpack listpack = Listpack.New();
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        for (int step = 0; step < 2000; step++)
        {
            int index = model.Count == 0 ? 0 : random.Next(model.Count);
            string text = random.Next(100) == 0 ? new string('y', random.Next(4000, 20_000)) : ValueSeed.Text(random, 300);
            switch (random.Next(model.Count > 200 ? 8 : 4))
            {
                case 0:
                    listpack.Append(ValueSeed.Bytes(text));
                    model.Add(text);
                    break;
                case 1 when model.Count > 0:
                    listpack.Insert(listpack.Seek(index), ValueSeed.Bytes(text));
                    model.Insert(index, text);
                    break;
                case 2 when model.Count > 0:
                    listpack.Replace(listpack.Seek(index - model.Count), ValueSeed.Bytes(text));
                    model[index] = text;
                    break;
                case > 3 when model.Count > 0:
                    int count = Math.Min(random.Next(1, 4), model.Count - index);
                    listpack.Remove(listpack.Seek(index), count);
                    model.RemoveRange(index, count);
                    break;
            }

            if (step % 50 != 0) continue;
            Assert.True(Listpack.TryRead(listpack.Span, out Listpack read), $"seed {seed}, step {step}: its own bytes are malformed");
            Assert.Equal(model, All(read));
            Assert.Equal(model.AsEnumerable().Reverse(), Backwards(listpack));
            foreach (string wanted in model.Take(5))
                Assert.Equal(wanted, ValueSeed.Text(listpack.Get(listpack.Find(listpack.First, ValueSeed.Bytes(wanted)), scratch)));
        }
    }

    [Fact]
    public void Elements_have_the_bytes_of_the_format()
    {
        Listpack listpack = Listpack.New();
        foreach (string text in new[] { "0", "127", "128", "-1", "-4096", "4096", "32768", "8388608", "2147483648", "a", "01" }) listpack.Append(ValueSeed.Bytes(text));

        // Written down from what redis-server 7.0.15's DUMP of a list with these elements has.
        const string Wanted =
            "340000000B00" + "0001" + "7F01" + "C08002" + "DFFF02" + "D00002" + "F1001003" + "F200800004" + "F30000800005" + "F4000000800000000009" + "816102"
            + "82303103" + "FF";
        Assert.Equal(Wanted, Convert.ToHexString(listpack.Span));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Damaged_bytes_are_refused_or_read_whole(int seed)
    {
        var random = new Random(seed);
        Listpack listpack = Listpack.New();
        for (int i = 0; i < 20; i++) listpack.Append(ValueSeed.Bytes(ValueSeed.Text(random, 1000)));
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = listpack.Span.ToArray();
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            if (random.Next(3) == 0) bytes = bytes[..random.Next(bytes.Length)];
            if (Listpack.TryRead(bytes, out Listpack read)) Assert.Equal(read.Count, All(read).Count);
        }
    }

    private static List<string> All(in Listpack listpack)
    {
        var all = new List<string>();
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        for (int at = listpack.First; at >= 0; at = listpack.Next(at)) all.Add(ValueSeed.Text(listpack.Get(at, scratch)));
        return all;
    }

    private static List<string> Backwards(in Listpack listpack)
    {
        var all = new List<string>();
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        for (int at = listpack.Last; at >= 0; at = listpack.Previous(at)) all.Add(ValueSeed.Text(listpack.Get(at, scratch)));
        return all;
    }
}
