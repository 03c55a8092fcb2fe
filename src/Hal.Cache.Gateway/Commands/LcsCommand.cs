using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Strings;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>The longest common subsequence of two strings.</summary>
internal static class LcsCommand
{
    public static readonly CommandSpec[] Specs =
    [
        new("lcs", -3, CommandFlags.ReadOnly,
            new(1, 1), Lcs)
        {
            Group = "string", Since = "7.0.0", Complexity = "O(N*M) for N and M bytes",
            Summary = "Finds the longest common subsequence of two strings.",
        },
    ];

    private readonly record struct Options(bool Length, bool Matches, bool WithMatchLength, long MatchLengthMin);

    private static Outcome Lcs(CommandContext c)
    {
        if (!c.TryFind(1, Need.Value, out EntryRef first) || !c.TryFind(2, Need.Value, out EntryRef second)) return Outcome.Retry;
        if ((!first.IsNone && first.Type != BlobType.String) || (!second.IsNone && second.Type != BlobType.String))
            return c.Error("ERR The specified keys must contain string values"u8);
        if (!TryOptions(c, out Options options)) return Outcome.Done;

        long firstLength = StringReads.Length(c.Store, first);
        long secondLength = StringReads.Length(c.Store, second);
        if (!LcsTable.Fits(firstLength, secondLength, RespLimits.BulkBytesMax))
            return c.Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"u8);

        ValueSnapshot left = ValueSnapshot.Take(c, 1, first);
        ValueSnapshot right = ValueSnapshot.Take(c, 2, second);
        return c.RunAsync(context => CompareAsync(context, left, right, options));
    }

    private static async ValueTask CompareAsync(CommandContext c, ValueSnapshot left, ValueSnapshot right, Options options)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // off the thread that polls sockets
        using ValueSnapshot leftDisposed = left;
        using ValueSnapshot rightDisposed = right;
        var first = new byte[left.Length];
        var second = new byte[right.Length];
        CacheError? error = await left.ReadAsync(0, first, c.Cancellation);
        error ??= await right.ReadAsync(0, second, c.Cancellation);
        if (error is not null) c.Error(error);
        else Reply(c.Reply, LcsTable.Compute(first, second), options);
    }

    private static bool TryOptions(CommandContext c, out Options options)
    {
        options = default;
        for (int i = 3; i < c.Count; i++)
        {
            ReadOnlySpan<byte> option = c.Arg(i);
            if (Ascii.EqualsIgnoreCase(option, "IDX"u8)) options = options with { Matches = true };
            else if (Ascii.EqualsIgnoreCase(option, "LEN"u8)) options = options with { Length = true };
            else if (Ascii.EqualsIgnoreCase(option, "WITHMATCHLEN"u8)) options = options with { WithMatchLength = true };
            else if (Ascii.EqualsIgnoreCase(option, "MINMATCHLEN"u8) && i + 1 < c.Count)
            {
                if (!RedisInteger.TryParse(c.Arg(++i), out long least)) return Fail(c, RespErrors.NotInteger);
                options = options with { MatchLengthMin = least };
            }
            else
            {
                return Fail(c, RespErrors.Syntax);
            }
        }

        return !(options.Matches && options.Length)
            || Fail(c, "ERR If you want both the length and indexes, please just use IDX."u8);
    }

    private static bool Fail(CommandContext c, ReadOnlySpan<byte> error)
    {
        c.Error(error);
        return false;
    }

    private static void Reply(RespWriter reply, LcsTable table, Options options)
    {
        if (options.Length)
        {
            reply.Integer(table.Length);
            return;
        }

        if (!options.Matches)
        {
            reply.Bulk(table.Subsequence());
            return;
        }

        reply.MapHeader(2);
        reply.Bulk("matches"u8);
        int position = reply.Length;
        int count = 0;
        foreach (LcsMatch match in table.Matches())
        {
            if (match.Length < options.MatchLengthMin) continue;
            count++;
            reply.ArrayHeader(options.WithMatchLength ? 3 : 2);
            Range(reply, match.First, match.Length);
            Range(reply, match.Second, match.Length);
            if (options.WithMatchLength) reply.Integer(match.Length);
        }

        reply.ArrayHeaderAt(position, count);
        reply.Bulk("len"u8);
        reply.Integer(table.Length);
    }

    private static void Range(RespWriter reply, int start, int length)
    {
        reply.ArrayHeader(2);
        reply.Integer(start);
        reply.Integer(start + length - 1);
    }
}
