using System.Buffers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Streams;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Tests.Values;

/// <summary>A stream against a plain list and plain groups; after every stretch its blob, and its changes replayed on the blob of before, give the same.</summary>
public sealed class StreamModelTests
{
    private const int Stretches = 30;
    private const int Steps = 120;
    private readonly CollectionLimits limits = new() { StreamNodeEntriesMax = 7, StreamNodeBytesMax = 300 };

    public static TheoryData<int> Seeds => ValueSeed.All;

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Stream_is_as_a_list_of_entries_with_groups(int seed)
    {
        var random = new Random(seed);
        var model = new Model();
        var stream = new StreamValue(limits);
        var codec = new CollectionCodec(limits);
        var log = new ChangeLog();
        for (int stretch = 0; stretch < Stretches; stretch++)
        {
            byte[] before = Blob(stream);
            log.Clear();
            for (int step = 0; step < Steps; step++) model.Change(random, stream, log);
            string where = $"seed {seed}, stretch {stretch}";
            Assert.True(model.Text() == Text(stream), where);

            var replayed = (StreamValue)codec.Read(BlobType.Stream, new ReadOnlySequence<byte>(before)).Value;
            Assert.True(replayed.TryApply(log.Written), where);
            Assert.True(model.Text() == Text(replayed), where);
            byte[] after = Blob(stream);
            Assert.Equal(after, Blob(replayed));
            var read = (StreamValue)codec.Read(BlobType.Stream, new ReadOnlySequence<byte>(after)).Value;
            Assert.Equal(after, Blob(read));
            Assert.InRange(stream.MemoryBytes, after.Length / 2, 4096 + (after.Length * 40L));
            CheckRanges(random, model, stream, where);
        }
    }

    [Fact]
    public void Memory_comes_back_when_groups_and_entries_go()
    {
        var stream = new StreamValue(limits);
        long empty = stream.MemoryBytes;
        for (ulong i = 1; i <= 500; i++) stream.Append(new(i, 0), new Fields("f", "v"), null);
        StreamGroup group = stream.CreateGroup("g"u8, StreamId.Zero, 0, null)!;
        StreamConsumer consumer = group.Select("c"u8, 1, null, out _);
        for (ulong i = 1; i <= 500; i++) group.Deliver(consumer, new(i, 0), 1, 1, null);

        stream.DestroyGroup("g"u8, null);
        stream.Trim(0, default, false, 0, null);

        Assert.Equal(empty, stream.MemoryBytes);
    }

    [Fact]
    public void Damaged_nodes_are_refused_or_read_and_nothing_worse()
    {
        const int Seed = 5;
        var random = new Random(Seed);
        var stream = new StreamValue(limits);
        for (ulong i = 1; i <= 6; i++) stream.Append(new(i, 0), new Fields(i % 2 == 0 ? "f" : "g", $"value {i}"), null);
        IdPosition at = stream.Nodes.Start;
        Assert.True(stream.Nodes.TryNext(ref at, out StreamId first, out StreamNode? node));
        int read = 0;
        for (int i = 0; i < 5000; i++)
        {
            byte[] bytes = node.Span.ToArray();
            for (int flips = random.Next(1, 3); flips > 0; flips--) bytes[random.Next(6, bytes.Length)] ^= (byte)(1 << random.Next(8));
            var damaged = new StreamValue(limits);
            if (!damaged.TryAddNode(first, bytes)) continue;
            read++;
            Text(damaged);
            damaged.Trim(1, default, false, 0, null);
            Assert.InRange(damaged.Count, 0, 1);
        }

        Assert.InRange(read, 1, 4999);
    }

    private static void CheckRanges(Random random, Model model, StreamValue stream, string where)
    {
        for (int i = 0; i < 20; i++)
        {
            StreamId low = new((ulong)random.Next(model.Last + 2), (ulong)random.Next(3)), high = new((ulong)random.Next(model.Last + 2), (ulong)random.Next(3));
            List<StreamId> wanted = [.. model.Entries.Keys.Where(id => id >= low && id <= high)];
            Assert.True(wanted.SequenceEqual(Ids(stream, low, high, false)), $"{where}: {low} to {high}");
            Assert.True(wanted.AsEnumerable().Reverse().SequenceEqual(Ids(stream, low, high, true)), $"{where}: {high} back to {low}");
            Assert.Equal(model.Entries.ContainsKey(low), stream.Contains(low));
        }
    }

    private static List<StreamId> Ids(StreamValue stream, StreamId low, StreamId high, bool backward)
    {
        var ids = new List<StreamId>();
        StreamCursor entries = stream.Entries(low, high, backward, default);
        while (entries.MoveNext()) ids.Add(entries.Id);
        return ids;
    }

    private static byte[] Blob(StreamValue stream)
    {
        var writer = new ArrayBufferWriter<byte>();
        stream.Write(writer);
        return writer.WrittenSpan.ToArray();
    }

    private static string Text(StreamValue stream)
    {
        var lines = new List<string> { $"{stream.Count} {stream.FirstId} {stream.LastId}" };
        StreamCursor entries = stream.Entries(StreamId.Zero, StreamId.Max, false, stackalloc byte[StreamCursor.ScratchBytes]);
        while (entries.MoveNext())
        {
            string line = entries.Id.ToString();
            while (entries.MoveNextField(out ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value)) line += $" {ValueSeed.Text(field)}={ValueSeed.Text(value)}";
            lines.Add(line);
        }

        foreach (StreamGroup group in stream.Groups.Values)
        {
            lines.Add($"{ValueSeed.Text(group.Name)} {group.LastId}");
            IdPosition at = group.Pending.Start;
            while (group.Pending.TryNext(ref at, out StreamId id, out PendingEntry? entry))
            {
                lines.Add($"{id} {ValueSeed.Text(entry.Consumer.Name)} {entry.DeliveredAt} {entry.Deliveries}");
                Assert.True(entry.Consumer.Pending.TryGet(id, out PendingEntry? same) && ReferenceEquals(entry, same));
            }
        }

        return string.Join('\n', lines);
    }

    private readonly struct Fields(params string[] fields) : IStreamFields
    {
        public int Count => fields.Length;

        public ReadOnlySpan<byte> this[int index] => ValueSeed.Bytes(fields[index]);
    }

    private sealed class Model
    {
        private readonly SortedDictionary<string, (StreamId Last, SortedDictionary<StreamId, (string Consumer, long Time, long Count)> Pending)> groups = new(StringComparer.Ordinal);
        private StreamId lastId;

        public SortedDictionary<StreamId, string[]> Entries { get; } = [];

        public int Last { get; private set; }

        public void Change(Random random, StreamValue stream, ChangeLog log)
        {
            StreamId some = new((ulong)random.Next(Last + 1), (ulong)random.Next(2));
            switch (random.Next(20))
            {
                case < 8:
                    Last += random.Next(2);
                    lastId = lastId.Ms == (ulong)Last ? new(lastId.Ms, lastId.Seq + 1) : new((ulong)Last, 0);
                    string[] fields = random.Next(2) == 0 ? ["f", ValueSeed.Text(random, 9)] : [ValueSeed.Text(random, 5), "1", ValueSeed.Text(random, 5), ValueSeed.Text(random, 40)];
                    stream.Append(lastId, new Fields(fields), log);
                    Entries.Add(lastId, fields);
                    break;
                case < 11:
                    Assert.Equal(Entries.Remove(some), stream.Delete(some, log));
                    break;
                case 11:
                    int kept = random.Next(Entries.Count + 3);
                    Assert.Equal(Drop(Entries.Count - kept), stream.Trim(kept, default, false, 0, log));
                    break;
                case 12 when random.Next(4) == 0:
                    Assert.Equal(Drop(Entries.Keys.Count(id => id < some)), stream.Trim(null, some, false, 0, log));
                    break;
                case 13:
                    int least = random.Next(Entries.Count + 3);
                    long gone = stream.Trim(least, default, true, random.Next(3) * 10, log);
                    Assert.InRange(gone, 0, Math.Max(0, Entries.Count - least));
                    Drop((int)gone);
                    break;
                default:
                    ChangeGroup(random, stream, some, log);
                    break;
            }
        }

        public string Text()
        {
            var lines = new List<string> { $"{Entries.Count} {(Entries.Count == 0 ? StreamId.Zero : Entries.Keys.First())} {lastId}" };
            foreach ((StreamId id, string[] fields) in Entries) lines.Add(id + string.Concat(fields.Chunk(2).Select(pair => $" {pair[0]}={pair[1]}")));
            foreach ((string name, var group) in groups)
            {
                lines.Add($"{name} {group.Last}");
                lines.AddRange(group.Pending.Select(one => $"{one.Key} {one.Value.Consumer} {one.Value.Time} {one.Value.Count}"));
            }

            return string.Join('\n', lines);
        }

        private int Drop(int count)
        {
            List<StreamId> gone = [.. Entries.Keys.Take(Math.Max(0, count))];
            foreach (StreamId id in gone) Entries.Remove(id);
            return gone.Count;
        }

        private void ChangeGroup(Random random, StreamValue stream, StreamId some, ChangeLog log)
        {
            string name = "g" + random.Next(3), consumerName = "c" + random.Next(3);
            if (stream.Groups.Find(ValueSeed.Bytes(name)) is not { } group)
            {
                stream.CreateGroup(ValueSeed.Bytes(name), some, 0, log);
                groups.Add(name, (some, []));
                return;
            }

            group.Select(log);
            var pending = groups[name].Pending;
            switch (random.Next(12))
            {
                case 0 when random.Next(4) == 0:
                    stream.DestroyGroup(ValueSeed.Bytes(name), log);
                    groups.Remove(name);
                    break;
                case 1:
                    group.SetPosition(some, 3, log);
                    groups[name] = (some, pending);
                    break;
                case 2 when random.Next(3) == 0:
                    group.Delete(group.Select(ValueSeed.Bytes(consumerName), 1, log, out _), log);
                    foreach (StreamId id in pending.Where(one => one.Value.Consumer == consumerName).Select(one => one.Key).ToList()) pending.Remove(id);
                    break;
                case < 6:
                    Assert.Equal(pending.Remove(some), group.Acknowledge(some, log));
                    break;
                default:
                    long time = random.Next(100), count = random.Next(5);
                    group.Deliver(group.Select(ValueSeed.Bytes(consumerName), time, log, out _), some, time, count, log);
                    pending[some] = (consumerName, time, count);
                    break;
            }
        }
    }
}
