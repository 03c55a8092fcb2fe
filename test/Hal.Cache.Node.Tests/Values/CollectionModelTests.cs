using System.Buffers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Tests.Values;

/// <summary>Each collection against a plain one; after every stretch its blob, and its changes replayed on the blob of before, give the same.</summary>
public sealed class CollectionModelTests
{
    private const int Stretches = 40;
    private const int Steps = 150;
    private readonly CollectionLimits limits = new() { HashEntriesMax = 40, SetEntriesMax = 30, SetIntegersMax = 20, SortedSetEntriesMax = 30, ListNodeSize = 16 };

    public static TheoryData<int> Seeds => ValueSeed.All;

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Hash_is_as_a_dictionary(int seed)
    {
        var model = new Dictionary<string, string>();
        Run(seed, new HashValue(limits), (random, hash, log) =>
        {
            string field = ValueSeed.Text(random, 60), value = ValueSeed.Text(random, 1000);
            if (random.Next(3) > 0)
            {
                Assert.Equal(!model.ContainsKey(field), hash.Set(ValueSeed.Bytes(field), ValueSeed.Bytes(value), log));
                model[field] = value;
            }
            else
            {
                Assert.Equal(model.Remove(field), hash.Remove(ValueSeed.Bytes(field), log));
            }
        },
        hash =>
        {
            Assert.Equal(model.Count, hash.Count);
            Assert.Equal(model.OrderBy(pair => pair.Key, StringComparer.Ordinal), Pairs(hash).OrderBy(pair => pair.Key, StringComparer.Ordinal));
        });
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Hash_with_times_is_as_a_dictionary_with_times(int seed)
    {
        var model = new Dictionary<string, (string Value, long At)>();
        long now = 1;
        Run(seed, new HashValue(limits), (random, hash, log) =>
        {
            now += random.Next(3);
            hash.LookAt(now);
            foreach (string old in model.Where(pair => pair.Value.At != 0 && pair.Value.At <= now).Select(pair => pair.Key).ToList()) model.Remove(old);
            string field = ValueSeed.Text(random, 60), value = ValueSeed.Text(random, 1000);
            byte[] name = ValueSeed.Bytes(field);
            Assert.Equal(model.Count, hash.Count);
            switch (random.Next(6))
            {
                case 0:
                    Assert.Equal(model.Remove(field), hash.Remove(name, log));
                    break;
                case 1 or 2 when model.ContainsKey(field):
                    long at = random.Next(3) == 0 ? 0 : now + random.Next(1, 300);
                    hash.SetTime(name, at, log);
                    model[field] = (model[field].Value, at);
                    break;
                case 3 when random.Next(5) == 0:
                    hash.RemoveExpired(random.Next(4), log);
                    break;
                default:
                    Assert.Equal(!model.ContainsKey(field), hash.Set(name, ValueSeed.Bytes(value), log));
                    model[field] = (value, 0);
                    break;
            }

            Assert.Equal(model.TryGetValue(field, out (string Value, long At) held) ? held.At : 0, hash.TimeOf(name));
            Assert.Equal(model.ContainsKey(field), hash.Contains(name));
        },
        hash =>
        {
            hash.LookAt(now);
            foreach (string old in model.Where(pair => pair.Value.At != 0 && pair.Value.At <= now).Select(pair => pair.Key).ToList()) model.Remove(old);
            Assert.Equal(model.Count, hash.Count);
            Assert.Equal(model.ToDictionary(pair => pair.Key, pair => pair.Value.Value).OrderBy(pair => pair.Key, StringComparer.Ordinal), Pairs(hash).OrderBy(pair => pair.Key, StringComparer.Ordinal));
            Assert.All(model, pair => Assert.Equal(pair.Value.At, hash.TimeOf(ValueSeed.Bytes(pair.Key))));
            var scanned = new List<string>();
            for (ulong cursor = 0; ;)
            {
                cursor = hash.Scan(cursor, 10, (item, start, length) => scanned.Add(ValueSeed.Text(item.AsSpan(start, length))));
                if (cursor == 0) break;
            }

            Assert.Equal(model.Keys.Order(StringComparer.Ordinal), scanned.Order(StringComparer.Ordinal));
        });
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Set_is_as_a_set(int seed)
    {
        var model = new HashSet<string>();
        Run(seed, new SetValue(limits), (random, set, log) =>
        {
            string member = seed % 2 == 0 && model.Count < 15 ? random.Next(100_000).ToString(System.Globalization.CultureInfo.InvariantCulture) : ValueSeed.Text(random, 60);
            if (random.Next(3) > 0) Assert.Equal(model.Add(member), set.Add(ValueSeed.Bytes(member), log));
            else Assert.Equal(model.Remove(member), set.Remove(ValueSeed.Bytes(member), log));
            Assert.Equal(model.Contains(member), set.Contains(ValueSeed.Bytes(member)));
        },
        set =>
        {
            Assert.Equal(model.Count, set.Count);
            Assert.Equal(model.Order(StringComparer.Ordinal), Members(set).Order(StringComparer.Ordinal));
        });
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void List_is_as_a_list(int seed)
    {
        var model = new List<string>();
        Run(seed, new ListValue(limits), (random, list, log) => ChangeList(random, list, model, log), list =>
        {
            Assert.Equal(model.Count, list.Count);
            Assert.Equal(model, Elements(list, false));
            Assert.Equal(model.AsEnumerable().Reverse(), Elements(list, true));
        });
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Sorted_set_is_as_a_sorted_list(int seed)
    {
        var model = new Dictionary<string, double>();
        Run(seed, new SortedSetValue(limits), (random, set, log) =>
        {
            string member = ValueSeed.Text(random, 400);
            double score = random.Next(4) switch { 0 => random.Next(5), 1 => random.NextDouble(), 2 => double.NegativeInfinity, _ => random.Next(1000) - 500 };
            switch (random.Next(12))
            {
                case < 8:
                    Assert.Equal(!model.ContainsKey(member), set.Set(ValueSeed.Bytes(member), score, log));
                    model[member] = score;
                    break;
                case 8 when model.Count > 0 && random.Next(4) == 0:
                    int from = random.Next(model.Count), count = Math.Min(random.Next(1, 30), model.Count - from);
                    foreach (string gone in Sorted(model).Skip(from).Take(count).ToList()) model.Remove(gone);
                    set.RemoveRanks(from, count, log);
                    break;
                default:
                    Assert.Equal(model.Remove(member), set.Remove(ValueSeed.Bytes(member), log));
                    break;
            }
        },
        set =>
        {
            List<string> sorted = Sorted(model);
            Assert.Equal(sorted, Ranked(set, false));
            Assert.Equal(sorted.AsEnumerable().Reverse(), Ranked(set, true));
            for (int rank = 0; rank < sorted.Count; rank += 7)
            {
                Assert.Equal(rank, set.RankOf(ValueSeed.Bytes(sorted[rank]), out double score));
                Assert.Equal(model[sorted[rank]], score);
                Assert.Equal(model.Count(pair => pair.Value < score), set.CountBehind(new ScoreBound(score, false)));
                Assert.Equal(model.Count(pair => pair.Value <= score), set.CountBehind(new ScoreBound(score, true)));
            }
        });
    }

    private static void ChangeList(Random random, ListValue list, List<string> model, ChangeLog log)
    {
        string text = ValueSeed.Text(random, 20);
        byte[] bytes = ValueSeed.Bytes(text);
        int index = model.Count == 0 ? 0 : random.Next(model.Count);
        switch (random.Next(10))
        {
            case < 2:
                list.ExpectGrowth(bytes.Length, 1);
                list.PushHead(bytes, log);
                model.Insert(0, text);
                break;
            case < 5:
                list.ExpectGrowth(bytes.Length, 1);
                list.PushTail(bytes, log);
                model.Add(text);
                break;
            case 5:
                list.ExpectGrowth(bytes.Length, 1);
                list.Insert(index, bytes, log);
                model.Insert(index, text);
                break;
            case 6 when model.Count > 0:
                list.Replace(index, bytes, log);
                model[index] = text;
                break;
            case 7 when model.Count > 0:
                int count = random.Next(1, 6);
                list.PopHead(count, log);
                model.RemoveRange(0, Math.Min(count, model.Count));
                if (model.Count == 0) break;
                list.PopTail(1, log);
                model.RemoveAt(model.Count - 1);
                break;
            case 8 when model.Count > 0:
                int most = random.Next(-3, 4);
                long removed = list.RemoveEqual(bytes, most, log);
                Assert.Equal(RemoveEqual(model, text, most), removed);
                break;
            case 9 when model.Count > 0:
                list.RemoveAt(index, log);
                model.RemoveAt(index);
                break;
        }
    }

    private static int RemoveEqual(List<string> model, string text, int most)
    {
        int removed = 0, left = most == 0 ? int.MaxValue : Math.Abs(most);
        for (; removed < left; removed++)
        {
            int at = most < 0 ? model.LastIndexOf(text) : model.IndexOf(text);
            if (at < 0) break;
            model.RemoveAt(at);
        }

        return removed;
    }

    private void Run<T>(int seed, T value, Action<Random, T, ChangeLog> change, Action<T> check)
        where T : class, IObjectValue
    {
        var random = new Random(seed);
        var codec = new CollectionCodec(limits);
        var log = new ChangeLog();
        for (int stretch = 0; stretch < Stretches; stretch++)
        {
            var before = new ArrayBufferWriter<byte>();
            value.Write(before);
            log.Clear();
            for (int step = 0; step < Steps; step++) change(random, value, log);
            check(value);

            var replayed = (T)codec.Read(value.Type, new ReadOnlySequence<byte>(before.WrittenMemory)).Value;
            Assert.True(replayed.TryApply(log.Written), $"seed {seed}, stretch {stretch}: the changes were refused");
            check(replayed);
            var after = new ArrayBufferWriter<byte>();
            value.Write(after);
            check((T)codec.Read(value.Type, new ReadOnlySequence<byte>(after.WrittenMemory)).Value);
            Assert.InRange(value.MemoryBytes, after.WrittenCount / 2, 4096 + (after.WrittenCount * 40L));
        }
    }

    private static Dictionary<string, string> Pairs(HashValue hash)
    {
        var all = new Dictionary<string, string>();
        HashPairCursor pairs = hash.Pairs(stackalloc byte[2 * Listpack.ScratchBytes]);
        while (pairs.MoveNext()) all.Add(ValueSeed.Text(pairs.Field), ValueSeed.Text(pairs.Value));
        return all;
    }

    private static List<string> Members(SetValue set)
    {
        var all = new List<string>();
        SetValue.MemberCursor members = set.Members(stackalloc byte[Listpack.ScratchBytes]);
        while (members.MoveNext()) all.Add(ValueSeed.Text(members.Current));
        return all;
    }

    private static List<string> Elements(ListValue list, bool backward)
    {
        var all = new List<string>();
        if (list.Count == 0) return all;
        ListItemCursor items = list.Items(backward ? list.Count - 1 : 0, backward, stackalloc byte[Listpack.ScratchBytes]);
        while (items.MoveNext()) all.Add(ValueSeed.Text(items.Current));
        return all;
    }

    private static List<string> Ranked(SortedSetValue set, bool backward)
    {
        var all = new List<string>();
        if (set.Count == 0) return all;
        ScoredCursor items = set.Items(backward ? set.Count - 1 : 0, backward, stackalloc byte[Listpack.ScratchBytes]);
        while (items.MoveNext()) all.Add(ValueSeed.Text(items.Member));
        return all;
    }

    private static List<string> Sorted(Dictionary<string, double> model) =>
        [.. model.OrderBy(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Key)];
}
