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
            ReplyRule.Time => Close(got.Number, wanted.Number, milliseconds: command[0][0] is (byte)'P' or (byte)'p'),
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
        return model is not null && Restored(got, DumpPayload.Version(wanted), model).AsSpan().SequenceEqual(wanted);
    }

    // A compressed string may be compressed otherwise and still be right: only the model's own reading of it decides.
    private static byte[] Restored(byte[] payload, int version, RespTestClient model)
    {
        var key = "no form draws this key"u8.ToArray();
        var reply = model.Command("RESTORE"u8.ToArray(), key, "0"u8.ToArray(), DumpPayload.WithVersion(payload, version), "REPLACE"u8.ToArray());
        if (reply.IsError) return [];
        var dump = model.Command("DUMP"u8.ToArray(), key).Bytes ?? [];
        model.Command("DEL"u8.ToArray(), key);
        return dump;
    }

    private static bool Close(long got, long wanted, bool milliseconds)
    {
        if (got < 0 || wanted < 0) return got == wanted;
        return Math.Abs(got - wanted) <= (milliseconds ? ToleranceSeconds * 1000 : ToleranceSeconds);
    }

    private static IEnumerable<string> Sorted(RespTestReply reply) => (reply.Items ?? []).Select(item => item.ToString()).Order(StringComparer.Ordinal);

    // Lists of lists (ROLE, SLOWLOG) count by the types of their first level.
    private static string ShapeOf(RespTestReply reply) => reply.Type == '*' && reply.Items!.All(item => item.Items is null) ? "*" + reply.Items!.Count : reply.Type.ToString();
}
