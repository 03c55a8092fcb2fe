using System.Text;
using Hal.Cache.Gateway.Rdb;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Tests.Rdb;

public sealed class RdbCollectionsTests
{
    private const int BytesMax = 1 << 20;
    private readonly CollectionLimits limits = new();

    public static TheoryData<string, int> Collections
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string kind in (string[])["hash", "list", "integers", "set", "zset"])
            {
                foreach (int count in (int[])[1, 100, 3000]) data.Add(kind, count);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Collections))]
    public void Payload_reads_back_as_the_same_collection_in_the_same_encoding(string kind, int count)
    {
        ICollectionValue value = Make(kind, count);

        Assert.Null(DumpPayload.Read(DumpPayload.OfCollection(value), BytesMax, limits, out _, out ICollectionValue? read));

        Assert.Equal(Content(value), Content(read!));
        Assert.Equal(value.Type, read!.Type);
    }

    [Theory]
    [MemberData(nameof(Collections))]
    public void Damaged_bodies_are_refused_or_read_and_nothing_worse(string kind, int count)
    {
        const int Seed = 11;
        var random = new Random(Seed);
        var writer = new RdbWriter();
        RdbCollections.Write(Make(kind, Math.Min(count, 100)), writer);
        for (int i = 0; i < 3000; i++)
        {
            byte[] body = writer.Written.ToArray();
            body[random.Next(1, body.Length)] ^= (byte)(1 << random.Next(8));
            if (random.Next(3) == 0) body = body[..random.Next(1, body.Length)];

            ICollectionValue? read = RdbCollections.Read(body[0], body.AsSpan(1), BytesMax, limits);

            if (read is not null) Assert.False(read.IsEmpty, $"seed {Seed}, round {i}");
        }
    }

    [Fact]
    public void Ziplists_of_older_versions_are_read()
    {
        // Header, then "name", 5 (in the encoding itself), "x", -2 (one byte), each behind the length of the entry before it.
        byte[] entries = [0, 4, .. "name"u8, 6, 0xF6, 2, 1, (byte)'x', 3, 0xFE, 0xFE];
        byte[] ziplist = [(byte)(10 + entries.Length + 1), 0, 0, 0, (byte)(10 + entries.Length - 3), 0, 0, 0, 4, 0, .. entries, 0xFF];
        byte[] body = [(byte)ziplist.Length, .. ziplist];

        var hash = Assert.IsType<HashValue>(RdbCollections.Read(13, body, BytesMax, limits));
        var list = Assert.IsType<ListValue>(RdbCollections.Read(10, body, BytesMax, limits));

        Assert.Equal("name=5 x=-2", Content(hash));
        Assert.Equal("name 5 x -2", Content(list));
    }

    [Theory]
    [InlineData(2, "02 01 61 01 61")] // a set with the member a twice
    [InlineData(4, "02 01 61 01 31 01 61 01 32")] // a hash with the field a twice
    [InlineData(5, "01 01 61 00 00 00 00 00 00 F8 7F")] // a score that is no number
    [InlineData(1, "00")] // an empty list
    [InlineData(18, "01 03 01 61")] // a list with a node of no known kind
    public void Collections_that_can_not_be_are_refused(byte type, string hex) =>
        Assert.Null(RdbCollections.Read(type, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), BytesMax, limits));

    private ICollectionValue Make(string kind, int count)
    {
        var hash = new HashValue(limits);
        var list = new ListValue(limits);
        var set = new SetValue(limits);
        var scored = new SortedSetValue(limits);
        for (int i = 0; i < count; i++)
        {
            byte[] text = Encoding.ASCII.GetBytes($"m{i * 7919 % 100_003}"), number = Encoding.ASCII.GetBytes($"{i * 31}");
            switch (kind)
            {
                case "hash":
                    hash.Set(text, number, null);
                    break;
                case "list":
                    list.ExpectGrowth(text.Length, 1);
                    list.PushTail(i % 3 == 0 ? number : text, null);
                    break;
                case "zset":
                    scored.Set(text, i % 5 == 0 ? double.NegativeInfinity : i * 0.25, null);
                    break;
                default:
                    set.Add(kind == "set" ? text : number, null);
                    break;
            }
        }

        return kind switch { "hash" => hash, "list" => list, "zset" => scored, _ => set };
    }

    private static string Content(ICollectionValue value)
    {
        var all = new List<string>();
        Span<byte> scratch = stackalloc byte[2 * Listpack.ScratchBytes];
        switch (value)
        {
            case HashValue hash:
                HashPairCursor pairs = hash.Pairs(scratch);
                while (pairs.MoveNext()) all.Add($"{Encoding.ASCII.GetString(pairs.Field)}={Encoding.ASCII.GetString(pairs.Value)}");
                break;
            case ListValue list:
                ListItemCursor items = list.Items(0, false, scratch);
                while (items.MoveNext()) all.Add(Encoding.ASCII.GetString(items.Current));
                return string.Join(' ', all);
            case SetValue set:
                SetValue.MemberCursor members = set.Members(scratch);
                while (members.MoveNext()) all.Add(Encoding.ASCII.GetString(members.Current));
                break;
            case SortedSetValue scored:
                ScoredCursor ranked = scored.Items(0, false, scratch);
                while (ranked.MoveNext()) all.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Encoding.ASCII.GetString(ranked.Member)}={ranked.Score}"));
                return string.Join(' ', all);
        }

        return string.Join(' ', all.Order(StringComparer.Ordinal));
    }
}
