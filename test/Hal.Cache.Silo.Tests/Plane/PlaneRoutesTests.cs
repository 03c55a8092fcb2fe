using System.Net;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Node.Tree;
using Hal.Cache.Silo.Plane;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Silo.Tests.Plane;

public sealed class PlaneRoutesTests
{
    private const long Large = 8 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // The clock stands still, so that a wait for an answer has no end but the answer.
    [Fact]
    public async Task A_route_is_waited_for_only_while_answers_change_the_order()
    {
        using var answers = new SemaphoreSlim(0);
        RouteCandidate[] candidates = [new() { Source = "branch", TotalMs = 1 }];
        var plane = new FakeControlPlane().On("IRouting.RoutesAsync", arguments =>
        {
            Assert.True(answers.Wait(Patience));
            var key = ((RouteRequest)arguments[0]!).Keys[0];
            return new[] { new KeyRoutes { Key = key, SizeBytes = Large, Version = 1, Candidates = candidates } };
        });
        var routes = new PlaneRoutes("leaf", "branch", RootTable.Sole("root"), Everybody(), new ManualTimeProvider()) { Plane = plane };

        var first = Sources("first");
        Assert.False(first.IsCompleted);
        answers.Release();
        Assert.Equal(["branch", "root"], Names(await first.AsTask().WaitAsync(Patience)));

        candidates = [new() { Source = "sibling", TotalMs = 1 }, new() { Source = "branch", TotalMs = 40 }];
        var second = Sources("second");
        Assert.True(second.IsCompleted);
        Assert.Equal(["branch", "root"], Names(await second));
        answers.Release();
        Assert.True(await Eventually.HoldsAsync(async () => (await Sources("second", 1 << 20))[0].Name == "sibling", Patience), "what is left of an object does not follow the answer");

        var third = Sources("third");
        Assert.False(third.IsCompleted);
        answers.Release();
        var ranked = await third.AsTask().WaitAsync(Patience);
        Assert.Equal(["sibling", "branch", "root"], Names(ranked));
        Assert.Equal([true, false, false], ranked.Select(source => source.IsHeldOnly)); // only those above fetch what they have not

        ValueTask<IReadOnlyList<FetchSource>> Sources(string key, long offset = 0) => routes.SourcesAsync(new RangeRequest(0, Encoding.ASCII.GetBytes(key), 1, Large, offset, 1 << 20), default);
    }

    [Fact]
    public async Task A_route_is_asked_for_once_the_first_range_of_a_long_object_is_on_its_way()
    {
        const int objects = PlaneRoutes.Sampled - 1;
        var plane = new FakeControlPlane().On(
            "IRouting.RoutesAsync",
            arguments => new[] { new KeyRoutes { Key = ((RouteRequest)arguments[0]!).Keys[0], SizeBytes = Large, Version = 1, Candidates = [new() { Source = "branch", TotalMs = 1 }] } });
        var routes = new PlaneRoutes("leaf", "branch", RootTable.Sole("root"), Everybody(), new ManualTimeProvider()) { Plane = plane };
        await AskAsync(objects, 0); // the answer to this one is waited for, and changes nothing

        for (var i = 0; i < objects; i++)
            await AskAsync(i, 0);
        var first = plane.Calls.Count;
        for (var i = 0; i < objects; i++)
            await AskAsync(i, 1 << 20);

        Assert.Equal(1, first);
        Assert.True(await Eventually.HoldsAsync(() => plane.Calls.Count == 1 + objects, Patience), $"{plane.Calls.Count} questions");

        async Task AskAsync(int key, long offset) =>
            Assert.Equal(["branch", "root"], Names(await routes.SourcesAsync(new RangeRequest(0, BitConverter.GetBytes(key), 1, Large, offset, 1 << 16), default)));
    }

    [Fact]
    public async Task Shorter_objects_are_asked_about_now_and_then_while_nothing_changes()
    {
        const int objects = 10 * PlaneRoutes.Sampled;
        var plane = new FakeControlPlane().On(
            "IRouting.RoutesAsync",
            arguments => new[] { new KeyRoutes { Key = ((RouteRequest)arguments[0]!).Keys[0], SizeBytes = Large, Version = 1, Candidates = [new() { Source = "branch", TotalMs = 1 }] } });
        var routes = new PlaneRoutes("leaf", "branch", RootTable.Sole("root"), Everybody(), new ManualTimeProvider()) { Plane = plane };

        for (var i = 0; i <= objects; i++)
            Assert.Equal(["branch", "root"], Names(await routes.SourcesAsync(new RangeRequest(0, BitConverter.GetBytes(i), 1, PlaneRoutes.AskedBytesMin, 0, 1 << 18), default)));

        Assert.True(await Eventually.HoldsAsync(() => plane.Calls.Count == 1 + (objects / PlaneRoutes.Sampled), Patience), $"{plane.Calls.Count} questions");
    }

    [Fact]
    public async Task A_holder_that_answers_name_again_and_again_is_guessed_until_it_has_not_what_it_is_asked_for()
    {
        using var answers = new SemaphoreSlim(LikelySource.AnswersMin);
        var plane = new FakeControlPlane().On("IRouting.RoutesAsync", arguments =>
        {
            Assert.True(answers.Wait(Patience));
            var key = ((RouteRequest)arguments[0]!).Keys[0];
            return new[] { new KeyRoutes { Key = key, SizeBytes = Large, Version = 1, Candidates = [new() { Source = "sibling", TotalMs = 1 }, new() { Source = "branch", TotalMs = 40 }] } };
        }).On("IRouting.ReportFailureAsync", _ => Done.Value);
        var routes = new PlaneRoutes("leaf", "branch", RootTable.Sole("root"), Everybody(), new ManualTimeProvider()) { Plane = plane };
        // The first answer only says that it is another one than was thought.
        for (var i = 0; i < LikelySource.AnswersMin; i++)
            Assert.Equal([("sibling", false), ("branch", false), ("root", false)], await SourcesAsync(i));
        answers.Release();
        await SourcesAsync(LikelySource.AnswersMin);

        var guessed = SourcesAsync(100);
        Assert.True(guessed.IsCompleted, "the next answer is waited for");
        Assert.Equal([("sibling", true), ("branch", false), ("root", false)], await guessed);

        var mistaken = (await routes.SourcesAsync(Range(100), default))[0];
        Assert.True(mistaken is { IsGuess: true, IsHeldOnly: true });
        routes.Failed(mistaken, Range(100), CacheErrorCode.NotFound);

        var asked = SourcesAsync(101);
        Assert.False(asked.IsCompleted, "a holder is guessed that had nothing");
        answers.Release();
        Assert.Equal([("sibling", false), ("branch", false), ("root", false)], await asked.WaitAsync(Patience)); // it is not avoided
        routes.Failed(new FetchSource("sibling") { IsHeldOnly = true }, Range(101), CacheErrorCode.NotFound);
        Assert.Equal([("branch", false), ("root", false)], await SourcesAsync(101)); // nor asked again for this one
        answers.Release();
        Assert.Equal("sibling", (await SourcesAsync(102).WaitAsync(Patience))[0].Item1);
        Assert.DoesNotContain(plane.Calls, call => call.Call.Contains("ReportFailure", StringComparison.Ordinal));

        RangeRequest Range(int key) => new(0, BitConverter.GetBytes(key), 1, PlaneRoutes.AskedBytesMin, 0, 1 << 18);
        async Task<(string, bool)[]> SourcesAsync(int key) => [.. (await routes.SourcesAsync(Range(key), default)).Select(s => (s.Name, s.IsGuess))];
    }

    private static IEnumerable<string> Names(IReadOnlyList<FetchSource> sources) => sources.Select(source => source.Name);

    private static PeerDirectory Everybody()
    {
        var directory = new PeerDirectory();
        foreach (var name in new[] { "root", "branch", "sibling" }) directory.Add(name, new IPEndPoint(IPAddress.Loopback, 1));
        return directory;
    }
}
