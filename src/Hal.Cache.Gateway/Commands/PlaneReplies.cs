using System.Text.Json;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>The control plane's answers as replies: maps whose names are those of its JSON, in snake case; times are Unix milliseconds.</summary>
internal static class PlaneReplies
{
    public static void Field(this RespWriter reply, string name, string? value)
    {
        reply.Text(name);
        if (value is null) reply.Null();
        else reply.Text(value);
    }

    public static void Field(this RespWriter reply, string name, long? value)
    {
        reply.Text(name);
        if (value is { } number) reply.Integer(number);
        else reply.Null();
    }

    public static void Field(this RespWriter reply, string name, double? value)
    {
        reply.Text(name);
        if (value is { } number) reply.Double(number);
        else reply.Null();
    }

    public static void Field(this RespWriter reply, string name, DateTimeOffset? value) => reply.Field(name, value?.ToUnixTimeMilliseconds());

    /// <summary>A member of an enumeration, named as in JSON.</summary>
    public static void Field(this RespWriter reply, string name, Enum? value) =>
        reply.Field(name, value is null ? null : JsonNamingPolicy.CamelCase.ConvertName($"{value}"));

    /// <summary>An array of what AFTER takes for the next page, null at the end, and the items.</summary>
    public static void Page<T>(RespWriter reply, Page<T> page, Action<RespWriter, T> write)
    {
        reply.ArrayHeader(2);
        if (page.Next is { } next) reply.Text(next);
        else reply.Null();
        reply.ArrayHeader(page.Items.Count);
        foreach (T item in page.Items) write(reply, item);
    }

    public static void Batch(RespWriter reply, BatchInfo batch)
    {
        reply.MapHeader(7);
        reply.Field("batch", batch.Batch);
        reply.Field("state", batch.State);
        reply.Field("created_at", batch.CreatedAt);
        reply.Field("ends_at", batch.EndsAt);
        reply.Field("ended_at", batch.EndedAt);
        reply.Field("prestages", batch.Prestages);
        reply.Field("pins", batch.Pins);
    }

    public static void Prestage(RespWriter reply, PrestageInfo job)
    {
        reply.MapHeader(12);
        reply.Field("job", job.Job);
        reply.Field("state", job.State);
        reply.Field("priority", job.Priority);
        reply.Field("created_at", job.CreatedAt);
        reply.Field("deadline", job.Deadline);
        reply.Field("ended_at", job.EndedAt);
        reply.Field("bandwidth_bytes_per_second", job.BandwidthBytesPerSecond);
        reply.Field("batch", job.Batch);
        reply.Field("copies_total", job.CopiesTotal);
        reply.Field("copies_done", job.CopiesDone);
        reply.Field("copies_failed", job.CopiesFailed);
        reply.Text("instances");
        reply.ArrayHeader(job.Instances.Count);
        foreach (PrestageInstanceInfo one in job.Instances)
        {
            reply.MapHeader(4);
            reply.Field("instance", one.Instance);
            reply.Field("keys_done", one.KeysDone);
            reply.Field("keys_failed", one.KeysFailed);
            reply.Field("keys_left", one.KeysLeft);
        }
    }

    public static void Pin(RespWriter reply, PinInfo pin)
    {
        reply.MapHeader(7);
        reply.Field("pin", pin.Pin);
        reply.Field("instance", pin.Request.Instance);
        reply.Field("keys", pin.Keys);
        reply.Field("bytes", pin.Bytes);
        reply.Field("created_at", pin.CreatedAt);
        reply.Field("expires_at", pin.Request.ExpiresAt);
        reply.Field("batch", pin.Request.Batch);
    }

    public static void Affinity(RespWriter reply, AffinityReport report)
    {
        reply.MapHeader(4);
        reply.Field("keys", report.Keys);
        reply.Field("bytes", report.Bytes);
        reply.Field("keys_unknown", report.KeysUnknown);
        reply.Text("candidates");
        reply.ArrayHeader(report.Candidates.Count);
        foreach (CandidateAffinity one in report.Candidates)
        {
            reply.MapHeader(10);
            reply.Field("instance", one.Instance);
            reply.Field("rank", one.Rank);
            reply.Field("state", one.State);
            reply.Field("keys_local", one.KeysLocal);
            reply.Field("bytes_local", one.BytesLocal);
            reply.Field("bytes_missing", one.BytesMissing);
            reply.Field("bytes_unreachable", one.BytesUnreachable);
            reply.Field("warm_seconds", one.WarmSeconds);
            reply.Field("warm_money", one.WarmMoney);
            reply.Field("score", one.Score);
        }
    }

    public static void Location(RespWriter reply, KeyLocation location)
    {
        reply.MapHeader(6);
        reply.Text("key");
        reply.Bulk(location.Key.Span);
        reply.Field("slot", location.Slot);
        reply.Field("root", location.Root);
        reply.Field("version", location.Version);
        reply.Field("bytes", location.SizeBytes);
        reply.Text("holders");
        reply.ArrayHeader(location.Holders.Count);
        foreach (Holder holder in location.Holders)
        {
            reply.MapHeader(5);
            reply.Field("instance", holder.Instance);
            reply.Field("state", holder.State);
            reply.Field("version", holder.Version);
            reply.Field("bytes", holder.SizeBytes);
            reply.Field("fetching", holder.Fetching ? 1 : 0);
        }
    }

    public static void Candidate(RespWriter reply, RouteCandidate candidate)
    {
        reply.MapHeader(10);
        reply.Field("source", candidate.Source);
        reply.Field("rank", candidate.Rank);
        reply.Field("latency_ms", candidate.LatencyMs);
        reply.Field("transfer_ms", candidate.TransferMs);
        reply.Field("queue_ms", candidate.QueueMs);
        reply.Field("money", candidate.Money);
        reply.Field("total_ms", candidate.TotalMs);
        reply.Text("hops");
        reply.ArrayHeader(candidate.Hops.Count);
        foreach (string hop in candidate.Hops) reply.Text(hop);
        reply.Field("fetching", candidate.Fetching ? 1 : 0);
        reply.Field("left_out", candidate.LeftOut);
    }
}
