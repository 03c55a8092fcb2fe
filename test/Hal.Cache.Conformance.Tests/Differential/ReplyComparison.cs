using System.Globalization;
using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Compares the subject's reply with the model's under a <see cref="ReplyRule"/>.</summary>
internal static class ReplyComparison
{
    private const long ToleranceSeconds = 60; // Below the 100 s between any two relative expiries, above any pause of a busy machine.

    /// <summary>Whether they agree; <paramref name="model"/> may be asked to restore the subject's payload.</summary>
    public static bool Agree(IReadOnlyList<byte[]> command, RespTestReply got, byte[] gotRaw, RespTestReply wanted, byte[] wantedRaw, RespTestClient? model)
    {
        if (gotRaw.AsSpan().SequenceEqual(wantedRaw)) return true;
        if (got.IsError || wanted.IsError || got.Type != wanted.Type || got.IsNull != wanted.IsNull) return false;
        return ReplyRules.For(command) switch
        {
            ReplyRule.AnyOrder => Sorted(got).SequenceEqual(Sorted(wanted)),
            ReplyRule.Numbers => SameNumbers(got, wanted),
            ReplyRule.AnyNumbers => Flat(got).Order(StringComparer.Ordinal).SequenceEqual(Flat(wanted).Order(StringComparer.Ordinal)),
            ReplyRule.Time => Close(got.Number, wanted.Number, milliseconds: command[0][0] is (byte)'P' or (byte)'p'),
            ReplyRule.Idle => WithoutIdle(got).SequenceEqual(WithoutIdle(wanted)),
            ReplyRule.Shape => got.Items is null || wanted.Items is null || ShapeOf(got) == ShapeOf(wanted),
            ReplyRule.Payload => SamePayload(got.Bytes!, wanted.Bytes!, model),
            _ => false,
        };
    }

    /// <summary>Whether two payloads hold the same value: the same body, or one that the model turns into the other.</summary>
    public static bool SamePayload(byte[] got, byte[] wanted, RespTestClient? model)
    {
        if (!DumpPayload.IsIntact(got)) return false;
        if (DumpPayload.Body(got).SequenceEqual(DumpPayload.Body(wanted))) return true;
        return model is not null && Content(got, DumpPayload.Version(wanted), model) is { } content && content == Content(wanted, DumpPayload.Version(wanted), model);
    }

    // What the model reads in a payload: strings may be compressed otherwise, and tables have orders of their own.
    private static string? Content(byte[] payload, int version, RespTestClient model)
    {
        const string Key = "no form draws this key";
        var reply = model.Command("RESTORE"u8.ToArray(), Encoding.Latin1.GetBytes(Key), "0"u8.ToArray(), DumpPayload.WithVersion(payload, version), "REPLACE"u8.ToArray());
        if (reply.IsError) return null;
        var type = model.Command("TYPE", Key).Text;
        var content = type switch
        {
            "hash" => string.Join(' ', Pairs(model.Command("HGETALL", Key)).Order(StringComparer.Ordinal)),
            "set" => string.Join(' ', Sorted(model.Command("SMEMBERS", Key))),
            "zset" => string.Join(' ', Flat(model.Command("ZRANGE", Key, "0", "-1", "WITHSCORES"))),
            "stream" => Stream(model, Key),
            "list" => model.Command("LRANGE", Key, "0", "-1").ToString(),
            _ => Text(model, Key),
        };
        model.Command("DEL", Key);
        return $"{type} {content}";
    }

    // Times of consumers and deliveries are those of the moment.
    private static string Stream(RespTestClient model, string key)
    {
        var text = new StringBuilder(model.Command("XINFO", "STREAM", key).ToString()).Append(model.Command("XINFO", "GROUPS", key)).Append(model.Command("XRANGE", key, "-", "+"));
        foreach (var group in model.Command("XINFO", "GROUPS", key).Items!)
        {
            foreach (var entry in WithoutIdle(model.Command("XPENDING", key, group.Items![1].Text, "-", "+", "100000"))) text.Append(entry);
        }

        return text.ToString();
    }

    private static IEnumerable<string> WithoutIdle(RespTestReply pending) =>
        (pending.Items ?? []).Select(entry => entry.Items is { Count: 4 } parts ? $"{parts[0]} {parts[1]} {parts[3]}" : entry.ToString());

    // Redis keeps a HyperLogLog's last count in its string.
    private static string Text(RespTestClient model, string key)
    {
        var text = model.Command("GET", key);
        return text.Text.StartsWith("HYLL", StringComparison.Ordinal) ? model.Command("PFCOUNT", key).ToString() : text.ToString();
    }

    private static IEnumerable<string> Pairs(RespTestReply map)
    {
        var flat = Flat(map).ToList();
        return Enumerable.Range(0, flat.Count / 2).Select(i => $"{flat[i * 2]} {flat[(i * 2) + 1]}");
    }

    private static bool SameNumbers(RespTestReply got, RespTestReply wanted) =>
        got.Type == wanted.Type && got.IsNull == wanted.IsNull
        && (got.Items is null ? Number(got) == Number(wanted) : got.Items.Count == wanted.Items!.Count && got.Items.Zip(wanted.Items).All(pair => SameNumbers(pair.First, pair.Second)));

    private static IEnumerable<string> Flat(RespTestReply reply) => reply.Items is null ? [Number(reply)] : reply.Items.SelectMany(Flat);

    // A listpack holds -0 as 0, and Redis has a skiplist after SORT where the silo goes on with a listpack.
    private static string Number(RespTestReply reply) =>
        reply.Bytes is not null && double.TryParse(reply.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? (value == 0 ? 0 : value).ToString("R", CultureInfo.InvariantCulture)
            : reply.ToString() is ",-0" ? ",0" : reply.ToString();

    private static bool Close(long got, long wanted, bool milliseconds)
    {
        if (got < 0 || wanted < 0) return got == wanted;
        return Math.Abs(got - wanted) <= (milliseconds ? ToleranceSeconds * 1000 : ToleranceSeconds);
    }

    private static IEnumerable<string> Sorted(RespTestReply reply) => (reply.Items ?? []).Select(item => item.ToString()).Order(StringComparer.Ordinal);

    // Lists of lists (ROLE, SLOWLOG) count by the types of their first level.
    private static string ShapeOf(RespTestReply reply) => reply.Type == '*' && reply.Items!.All(item => item.Items is null) ? "*" + reply.Items!.Count : reply.Type.ToString();
}
