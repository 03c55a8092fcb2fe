using Hal.Cache.Node.Tree;
using Hal.Cache.Node.Tree.Tracking;

namespace Hal.Cache.Node.Tests.Tree;

public sealed class TrackedChangesTests
{
    private readonly TrackedChanges tracked = new();

    [Fact]
    public void An_instance_hears_of_a_key_once_however_many_reasons_it_has()
    {
        tracked.SetPrefixes(1, ["k"u8.ToArray(), "key"u8.ToArray()]);
        tracked.SetPrefixes(2, ["other"u8.ToArray()]);
        tracked.Reads.Add("key:1"u8, 1, out _, out _);
        tracked.Reads.Add("key:1"u8, 3, out _, out _);
        tracked.BeginWriter(9, 1, 77);

        Assert.Equal(["1 key:1 77", "3 key:1 0"], Collect("key:1", writer: 9));
        Assert.Equal(["1 key:1 0"], Collect("key:1", writer: 8)); // a read counts until the next change
        Assert.Empty(Collect("none", writer: 8));
    }

    [Fact]
    public void Nobody_is_told_any_more_when_all_has_ended()
    {
        Assert.True(tracked.IsEmpty);
        tracked.SetPrefixes(1, [[]]);
        tracked.BeginWriter(9, 1, 77);
        Assert.Equal(["1 k 0"], Collect("k", writer: 0));
        tracked.SetPrefixes(1, []);
        tracked.EndWriter(9);

        Assert.Empty(Collect("k", writer: 9));
        Assert.True(tracked.IsEmpty);
    }

    [Fact]
    public void Beyond_the_limit_of_prefixes_an_instance_hears_of_every_key()
    {
        tracked.SetPrefixes(1, [.. Enumerable.Range(0, TrackedChanges.PrefixesMax + 1).Select(i => BitConverter.GetBytes(i))]);

        Assert.Equal(["1 any 0"], Collect("any", writer: 0));
    }

    [Fact]
    public void Notices_arrive_as_they_were_sent_and_garbage_is_refused_as_such()
    {
        const int seed = 12;
        var writer = new FrameWriter();
        TrackingFrames.BeginNotices(writer, 2);
        TrackingFrames.Add(writer, new KeyNotice(1, "a"u8.ToArray(), 5));
        TrackingFrames.Add(writer, new KeyNotice(1, [], 0));
        var heard = new Heard();
        Assert.Equal(TrackingFrames.Kind.Notices, TrackingFrames.KindOf(writer.Written));
        TrackingFrames.Tell(writer.Written, heard);
        Assert.Equal(["a 5", " 0", "end"], heard.All);
        TrackingFrames.WritePrefixes(writer, 7, 3, ["p"u8.ToArray(), []]);
        (ulong instance, uint number, byte[][] prefixes) = TrackingFrames.ReadPrefixes(writer.Written);
        Assert.Equal((7UL, 3U, "p"), (instance, number, System.Text.Encoding.ASCII.GetString(Assert.Single(prefixes, prefix => prefix.Length > 0))));

        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var frame = new byte[1 + random.Next(40)];
            random.NextBytes(frame);
            try
            {
                TrackingFrames.ReadPrefixes(frame);
                TrackingFrames.Tell(frame, heard);
            }
            catch (InvalidDataException)
            {
                // The channel is closed for it.
            }
        }
    }

    private string[] Collect(string key, long writer)
    {
        List<KeyNotice> notices = [];
        tracked.Collect(System.Text.Encoding.ASCII.GetBytes(key), writer, notices);
        return [.. notices.Select(notice => $"{notice.Instance} {System.Text.Encoding.ASCII.GetString(notice.Key)} {notice.Request}")];
    }

    private sealed class Heard : IKeyTracker
    {
        public List<string> All { get; } = [];

        public void Invalidated(ReadOnlySpan<byte> key) => throw new NotSupportedException();

        public void Noticed(ReadOnlySpan<byte> key, long request) => All.Add($"{System.Text.Encoding.ASCII.GetString(key)} {request}");

        public void NoticesEnded() => All.Add("end");

        public void AllInvalidated() => throw new NotSupportedException();
    }
}
