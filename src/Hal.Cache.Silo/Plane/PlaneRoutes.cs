using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// Routes as the control plane ranks them, kept for a while; without an answer in time, the parent first. A holder beside the tree goes
/// before the parent only where it is clearly cheaper: what the parent brings here, its other children need not bring again.
/// </summary>
internal sealed class PlaneRoutes(string name, string parent, RootTable roots, PeerDirectory directory, TimeProvider time) : IFetchRoutes
{
    /// <summary>Shorter objects are not worth a question, in bytes.</summary>
    public const long AskedBytesMin = 256 << 10;

    /// <summary>Part of the parent's cost that another holder's must be below to go first.</summary>
    public const double Gain = 0.8;

    /// <summary>
    /// From which size on an answer that comes late is still of use, in bytes: the reads of a shorter object have all begun by then.
    /// </summary>
    public const long LateBytesMin = 4 << 20;

    /// <summary>While no answer is waited for, one in so many objects is asked about along with its first range; else a longer one's next range asks.</summary>
    public const int Sampled = 16;

    private static readonly ActivitySource Source = new(Spans.SourcePrefix + "Silo");

    private const int HoldersMax = 3;
    private const int AnswersMax = 4096;
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Avoided = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AvoidedMax = TimeSpan.FromSeconds(32);

    // What one root has, no other root has: a parent that is another one is passed over.
    private readonly FetchSource[][] fallbacks = [.. roots.Names.Select(root => roots.IsRoot(parent) ? (FetchSource[])[new(root)] : [new(parent), new(root)])];
    private readonly ConcurrentDictionary<CacheKey, Question> questions = [];
    private readonly ConcurrentDictionary<string, Failing> failing = new(StringComparer.Ordinal);
    private readonly LikelySource likely = new();
    private int asked;
    private long silentAt;
    private bool wasSilent;

    /// <summary>Null until the instance reports to one.</summary>
    public IControlPlane? Plane { get; set; }

    public async ValueTask<IReadOnlyList<FetchSource>> SourcesAsync(RangeRequest range, CancellationToken cancellation)
    {
        var fallback = fallbacks[roots.IndexOf(range.Key.Span)];
        if (Plane is not { } plane || range.ObjectLength < AskedBytesMin) return Order(fallback);
        var question = Ask(plane, range);
        if (question?.Answer is not { } answer) return Order(Guessed(fallback));
        if (!answer.IsCompleted)
        {
            if (likely.IsKnown) return Order(Guessed(fallback));
            try
            {
                await answer.WaitAsync(Wait, time, cancellation);
            }
            catch (TimeoutException)
            {
                return Order(fallback); // the next range may have the answer
            }
        }
        return Order(await answer);
    }

    public void Failed(FetchSource asked, RangeRequest range, CacheErrorCode why)
    {
        var source = asked.Name;
        // That the way up has not (yet) one version says nothing about other keys.
        if (why is CacheErrorCode.NotFound or CacheErrorCode.Changed && IsUp(source)) return;
        if (asked.IsGuess) likely.Missed();
        if (asked.IsHeldOnly && why is CacheErrorCode.NotFound or CacheErrorCode.Elsewhere)
        {
            // An instance lets go of one object and has the others: this answer names it no more, and the control plane will hear of it.
            var key = new CacheKey(range.Key, range.Database);
            if (questions.TryGetValue(key, out var known) && known.Answer is { IsCompletedSuccessfully: true, Result: var named } && named.Any(s => s.Name == source))
                questions[key] = known with { Answer = Task.FromResult<IReadOnlyList<FetchSource>>([.. named.Where(s => s.Name != source)]) };
            return;
        }

        var now = time.GetTimestamp();
        var avoided = Avoided;
        if (failing.TryGetValue(source, out var before))
        {
            var since = time.GetElapsedTime(before.At, now);
            if (since < before.Avoided) return;
            // A source that stalls costs each try its time, so it is tried less and less often; one that was well for a while begins anew.
            if (since < before.Avoided * 2) avoided = before.Avoided * 2;
        }

        failing[source] = new Failing(now, avoided < AvoidedMax ? avoided : AvoidedMax);
        if (Plane is not { } plane) return;
        _ = ReportAsync(plane, new RouteFailure
        {
            Source = source,
            Destination = name,
            Key = new CacheKey(range.Key, range.Database),
            Reason = why switch
            {
                CacheErrorCode.NotFound or CacheErrorCode.Changed => RouteFailureReason.Missing,
                CacheErrorCode.Corrupt => RouteFailureReason.Corrupt,
                CacheErrorCode.Busy => RouteFailureReason.Slow,
                _ => RouteFailureReason.Unreachable,
            },
        });
    }

    // One question for a version at a time; none while the control plane is known to be silent. A question takes as much of the processors, here
    // and at the control plane, as the first bytes do, which it delays where it goes along with them; and of one short range of a long object
    // nothing is left to plan.
    private Question? Ask(IControlPlane plane, RangeRequest range)
    {
        var key = new CacheKey(range.Key, range.Database);
        var now = time.GetTimestamp();
        if (questions.TryGetValue(key, out var known) && (known.Version != range.Version || time.GetElapsedTime(known.AskedAt, now) >= Fresh)) known = null;
        if (known?.Answer is not null) return known;
        var isBegun = known is not null && known.Offset != range.Offset && range.ObjectLength >= LateBytesMin;
        if (!isBegun && likely.IsKnown && Interlocked.Increment(ref asked) % Sampled != 0)
            return range.ObjectLength < LateBytesMin ? null : Note(key, new Question(range.Version, now, range.Offset, null));
        if (Volatile.Read(ref wasSilent) && time.GetElapsedTime(Volatile.Read(ref silentAt), now) < Avoided) return null;
        return Note(key, new Question(range.Version, now, range.Offset, Task.Run(() => AnswerAsync(plane, key, range))));
    }

    private Question Note(CacheKey key, Question question)
    {
        if (questions.Count >= AnswersMax) questions.Clear();
        return questions[key] = question;
    }

    private async Task<IReadOnlyList<FetchSource>> AnswerAsync(IControlPlane plane, CacheKey key, RangeRequest range)
    {
        using var limit = new CancellationTokenSource(AnswerMax, time);
        using var span = Source.Child("route")?.SetTag(SpanTags.Instance, name);
        var fallback = fallbacks[roots.IndexOf(range.Key.Span)];
        try
        {
            var request = new RouteRequest { Keys = [key], Destination = name, Version = (long)range.Version, Bytes = range.ObjectLength };
            var routes = await plane.Routing.RoutesAsync(request, limit.Token);
            span.Ended(routes.Error);
            if (routes.IsOk)
            {
                Volatile.Write(ref wasSilent, false);
                var sources = await ReachableAsync(plane, Rank(fallback, routes.Value[0].Candidates, range.ObjectLength), limit.Token);
                likely.Learn(sources[0], isUp: sources[0].Name == fallback[0].Name);
                span?.SetTag(SpanTags.Sources, string.Join(',', sources.Select(s => s.Name)));
                return sources;
            }
        }
        catch (OperationCanceledException)
        {
            // Too late to be of use.
            span?.SetStatus(ActivityStatusCode.Error);
        }
        Volatile.Write(ref silentAt, time.GetTimestamp());
        Volatile.Write(ref wasSilent, true);
        return fallback;
    }

    private FetchSource[] Guessed(FetchSource[] fallback) => likely.Holder is { } holder ? [new(holder) { IsHeldOnly = true, IsGuess = true }, .. fallback] : fallback;

    private FetchSource[] Rank(FetchSource[] fallback, IReadOnlyList<RouteCandidate> candidates, long bytes)
    {
        var limit = Gain * (Cost(fallback[0].Name) ?? Cost(fallback[^1].Name) ?? double.PositiveInfinity);
        // One that is still fetching might be waiting for this instance; the way up never does.
        var holders = candidates.Where(c => c.LeftOut is null && !c.Fetching && c.Source != name && !IsUp(c.Source)).Take(HoldersMax).ToArray();
        string[] ranked =
        [
            .. holders.Where(h => h.TotalMs < limit).Select(h => h.Source), .. fallback.Select(s => s.Name),
            .. holders.Where(h => !(h.TotalMs < limit)).Select(h => h.Source),
        ];
        return [.. SharedSources.Of(ranked, candidates, bytes).Select(s => s with { IsHeldOnly = !IsUp(s.Name) })];

        double? Cost(string source) => candidates.FirstOrDefault(c => c.Source == source && c.LeftOut is null)?.TotalMs;
    }

    private bool IsUp(string source) => source == parent || roots.IsRoot(source);

    // Holders that the settings did not name are where they said that they are.
    private async Task<IReadOnlyList<FetchSource>> ReachableAsync(IControlPlane plane, FetchSource[] sources, CancellationToken cancellation)
    {
        foreach (var (source, _, _) in sources.Where(s => !directory.TryFind(s.Name, out _)))
        {
            var found = await plane.Instances.GetAsync(source, cancellation);
            if (found.IsOk && IPEndPoint.TryParse(found.Value.Registration.RespAddress ?? "", out var address) && !address.Address.Equals(IPAddress.Any) && !address.Address.Equals(IPAddress.IPv6Any))
                directory.Add(source, address);
        }
        return [.. sources.Where(s => IsUp(s.Name) || directory.TryFind(s.Name, out _))];
    }

    // One that failed lately is asked last, and brings no parts beside others.
    private IReadOnlyList<FetchSource> Order(IReadOnlyList<FetchSource> sources) =>
        failing.IsEmpty || !sources.Any(s => IsAvoided(s.Name))
            ? sources
            : [.. sources.Select(s => IsAvoided(s.Name) ? s with { BytesPerSecond = 0 } : s).OrderBy(s => IsAvoided(s.Name))];

    private bool IsAvoided(string source) => failing.TryGetValue(source, out var since) && time.GetElapsedTime(since.At) < since.Avoided;

    private async Task ReportAsync(IControlPlane plane, RouteFailure failure)
    {
        using var limit = new CancellationTokenSource(AnswerMax, time);
        try
        {
            await plane.Routing.ReportFailureAsync(failure, limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It learns of it from the source's silence.
        }
    }

    private sealed record Failing(long At, TimeSpan Avoided);

    /// <summary>Without an answer where only the object's first range has been asked for.</summary>
    private sealed record Question(ulong Version, long AskedAt, long Offset, Task<IReadOnlyList<FetchSource>>? Answer);
}
