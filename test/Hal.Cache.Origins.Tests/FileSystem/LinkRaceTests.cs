using Hal.Cache.Contracts;
using Hal.Cache.Origins.FileSystem;
using Hal.Cache.Origins.Tests.Support;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Origins.Tests.FileSystem;

/// <summary>One thread turns a directory into a link that leads out, and back, while others read through it.</summary>
public sealed class LinkRaceTests : IDisposable
{
    private const int ReadsMin = 2_000;
    private const int ReadsMax = 200_000;
    private readonly OriginDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [MemberData(nameof(Openers.All), MemberType = typeof(Openers))]
    public async Task Nothing_outside_is_read_while_links_change(string opener)
    {
        var seen = await RaceAsync(Openers.Make(opener));

        Assert.DoesNotContain("outside", seen.Keys);
        Assert.Contains("inside", seen.Keys);
        Assert.Contains(nameof(CacheErrorCode.Refused), seen.Keys);
    }

    [Fact]
    public async Task The_race_reaches_outside_with_an_opener_that_does_not_check() =>
        Assert.Contains("outside", (await RaceAsync(new FollowingOpener())).Keys);

    /// <summary>Texts and errors that the readers got; they read on until they met both sides of the race.</summary>
    private async Task<Dictionary<string, int>> RaceAsync(IBeneathOpener opener)
    {
        directory.Write("dir/file", "inside");
        directory.WriteOutside("file", "outside");
        using var origin = directory.Open(new ManualTimeProvider(), opener);
        using var done = new CancellationTokenSource();
        var flipper = Task.Factory.StartNew(
            () => Flip(done.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        var seen = new Dictionary<string, int>();
        for (var reads = 0; reads < ReadsMax && (reads < ReadsMin || !HasBothSides(seen)); reads++)
        {
            var text = await Task.Run(() => OriginDirectory.TextAsync(origin, reads % 2 == 0 ? "dir/file" : "link/file"));
            seen[text] = seen.GetValueOrDefault(text) + 1;
        }

        await done.CancelAsync();
        await flipper.WaitAsync(TimeSpan.FromSeconds(30));
        return seen;
    }

    private static bool HasBothSides(Dictionary<string, int> seen) =>
        seen.ContainsKey("inside") && (seen.ContainsKey("outside") || seen.ContainsKey(nameof(CacheErrorCode.Refused)));

    private void Flip(CancellationToken done)
    {
        string path = directory.In("dir"), aside = directory.In("aside"), link = directory.In("link"), next = directory.In("next");
        while (!done.IsCancellationRequested)
        {
            Directory.Move(path, aside);
            File.CreateSymbolicLink(path, directory.Outside);
            File.CreateSymbolicLink(next, directory.Outside);
            Assert.Equal(0, Libc.Rename(next, link));
            File.Delete(path);
            Directory.Move(aside, path);
            File.CreateSymbolicLink(next, "dir");
            Assert.Equal(0, Libc.Rename(next, link));
        }
    }
}
