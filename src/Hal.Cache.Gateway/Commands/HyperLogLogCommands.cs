using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.HyperLogLogs;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway.Commands;

/// <summary>HyperLogLogs, which are strings; a count is kept in them, so that counting changes a key whose count is stale.</summary>
internal static class HyperLogLogCommands
{
    private const int SparseBytesDefault = 3000;
    private const int SelfTestElements = 1 << 16;

    private static ReadOnlySpan<byte> Corrupt => "INVALIDOBJ Corrupted HLL object detected"u8;

    public static readonly CommandSpec[] Specs =
    [
        new("pfadd", -2, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Insert), Add)
        {
            Group = "hyperloglog", Since = "2.8.9", Complexity = "O(1)",
            Summary = "Adds elements to an estimate of how many different ones there are.",
        },
        new("pfcount", -2, CommandFlags.ReadOnly | CommandFlags.MayReplicate,
            new(1, -1, Flags: KeyFlags.RW | KeyFlags.Access), Count)
        {
            Group = "hyperloglog", Since = "2.8.9", Complexity = "O(1)",
            Summary = "Tells about how many different elements were added.",
        },
        new("pfmerge", -2, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Insert), Merge)
        {
            Group = "hyperloglog", Since = "2.8.9", Complexity = "O(N)",
            Summary = "Puts estimates together.",
            MoreKeys = [new(2, -1, Flags: KeyFlags.RO | KeyFlags.Access)],
        },
        new("pfdebug", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Admin,
            new(2, Flags: KeyFlags.RW | KeyFlags.Access), Debug)
        {
            Group = "hyperloglog", Since = "2.8.9", Complexity = "N/A", Summary = "Shows how an estimate is held, for tests.",
        },
        new("pfselftest", 1, CommandFlags.Admin, KeySpec.None, SelfTest)
        {
            Group = "hyperloglog", Since = "2.8.9", Complexity = "N/A", Summary = "Checks estimates and both of their forms.",
        },
    ];

    private static Outcome Add(CommandContext c)
    {
        c.NeedArguments();

        // What is behind the last register is no hindrance to an update, in Redis either, while the string stays sparse.
        if (!TryRead(c, 1, out Registers? registers, out EntryRef entry, out Outcome outcome, takesTrailing: true)) return outcome;
        bool isChanged = registers is null;
        registers ??= new Registers();
        for (int arg = 2; arg < c.Count; arg++) isChanged |= registers.Add(c.Arg(arg));
        if (!isChanged) return c.Integer(0);
        if (registers.Trailing.Length > 0 && !registers.FitsSparse(SparseBytesMax(c))) return c.Error(Corrupt);
        if (!TryWrite(c, registers, entry)) return Outcome.Retry;
        c.Changed("pfadd", 1);
        return c.Integer(1);
    }

    private static Outcome Count(CommandContext c)
    {
        if (c.Count == 2) return CountOne(c);
        var all = new Registers();
        for (int arg = 1; arg < c.Count; arg++)
        {
            if (!TryRead(c, arg, out Registers? registers, out _, out Outcome outcome)) return outcome;
            if (registers is not null) all.Merge(registers);
        }

        return c.Integer(all.Estimate());
    }

    // The count is kept in the string where that can be done: not in an origin's, nor without room, and of a copy by the authority, if it can be reached.
    private static Outcome CountOne(CommandContext c)
    {
        if (!TryRead(c, 1, out Registers? registers, out EntryRef entry, out Outcome outcome)) return outcome;
        if (registers is null) return c.Integer(0);
        if (Registers.TryCachedCount(entry.Value, out long count)) return c.Integer(count);
        bool isOriginKey = c.Keyspace.TryMatchOrigin(c.Arg(1), out _);
        if (!isOriginKey && c.ReadsCopies() && c.Server.Tree!.IsConnected) return c.AtAuthority();
        count = registers.Estimate();
        if (!c.Keyspace.KeepsCopies && !isOriginKey)
            _ = c.TryPut(1, Registers.WithCount(entry.Value, count), entry.ExpiresAt, EntryFlags.Raw);
        return c.Integer(count);
    }

    private static Outcome Merge(CommandContext c)
    {
        var all = new Registers();
        for (int arg = 1; arg < c.Count; arg++)
        {
            if (!TryRead(c, arg, out Registers? registers, out _, out Outcome outcome)) return outcome;
            if (registers is not null) all.Merge(registers);
        }

        if (!c.TryFind(1, Need.Meta, out EntryRef target) || !TryWrite(c, all, target)) return Outcome.Retry;
        c.Changed("pfadd", 1);
        return c.Ok();
    }

    private static Outcome Debug(CommandContext c)
    {
        if (!TryRead(c, 2, out Registers? registers, out EntryRef entry, out Outcome outcome)) return outcome;
        if (registers is null) return c.Error("ERR The specified key does not exist"u8);
        string subcommand = Encoding.Latin1.GetString(c.Arg(1));
        switch (subcommand.ToLowerInvariant())
        {
            case "getreg":
                ReadOnlySpan<byte> values = registers.Values;
                c.Reply.ArrayHeader(values.Length);
                foreach (byte value in values) c.Reply.Integer(value);
                return Outcome.Done;
            case "decode" when registers.IsDense:
                return c.Error("ERR HLL encoding is not sparse"u8);
            case "decode":
                c.Reply.Text(Registers.Decode(entry.Value));
                return Outcome.Done;
            case "encoding":
                c.Reply.Status(registers.IsDense ? "dense" : "sparse");
                return Outcome.Done;
            case "todense" when registers.IsDense:
                return c.Integer(0);
            case "todense":
                registers.IsDense = true;
                return c.TryPut(2, registers.Write(0), entry.ExpiresAt, EntryFlags.Raw) ? c.Integer(1) : Outcome.Retry;
            default:
                return c.Error($"ERR Unknown PFDEBUG subcommand '{subcommand}'");
        }
    }

    // An estimate of 16384 registers is within 0.81 %, one standard deviation; five of them never happen by chance.
    private static Outcome SelfTest(CommandContext c)
    {
        const double ErrorMax = 5 * 0.0081;
        var registers = new Registers();
        Span<byte> element = stackalloc byte[sizeof(int)];
        for (int count = 1; count <= SelfTestElements; count++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(element, count);
            _ = registers.Add(element);
            if ((count & (count - 1)) != 0) continue;
            long estimate = registers.Estimate();
            if (Math.Abs(estimate - count) > Math.Max(1, count * ErrorMax)) return c.Error($"ERR TESTFAILED Too big error. card:{count} estimate:{estimate}");
            bool isSame = Registers.TryRead(registers.Write(SparseBytesDefault), out Registers read, out bool isCorrupt)
                && !isCorrupt && read.Values.SequenceEqual(registers.Values);
            if (!isSame) return c.Error($"ERR TESTFAILED Registers are not the same after they were written and read. card:{count}");
        }

        return c.Ok();
    }

    private static bool TryRead(CommandContext c, int arg, out Registers? registers, out EntryRef entry, out Outcome outcome, bool takesTrailing = false)
    {
        registers = null;
        outcome = Outcome.Retry;
        if (!c.TryFind(arg, Need.Value, out entry)) return false;
        if (entry.IsNone) return true;
        bool isCorrupt = false;
        if (entry.Type != BlobType.String) outcome = c.WrongType();
        else if (entry.IsLarge || !Registers.TryRead(entry.Value, out registers!, out isCorrupt))
            outcome = c.Error("WRONGTYPE Key is not a valid HyperLogLog string value."u8);
        else if (isCorrupt && !(takesTrailing && registers.Trailing.Length > 0)) outcome = c.Error(Corrupt);
        else return true;
        return false;
    }

    private static bool TryWrite(CommandContext c, Registers registers, in EntryRef entry) =>
        c.TryPut(1, registers.Write(SparseBytesMax(c)), entry.IsNone ? 0 : entry.ExpiresAt, EntryFlags.Raw);

    private static int SparseBytesMax(CommandContext c) =>
        (int)Math.Min(long.Parse(c.Server.Config.Value("hll-sparse-max-bytes"), CultureInfo.InvariantCulture), int.MaxValue);
}
