using System.Buffers;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Clients;

/// <summary>
/// Looks at the plain reads that a client has sent behind a command that is about to wait for a key, and has their keys asked for in the same
/// question: a pipeline over cold keys takes one round trip, and not one for each. The commands themselves run in their order, as ever.
/// </summary>
internal sealed class PipelineAhead(CommandContext context, CommandTable table)
{
    private readonly AheadFetch ahead = new(context.Keyspace, context.Learned);
    private readonly RespRequestParser parser = new() { RequestBytesMax = GatewayLimits.RequestBytesMax };

    /// <summary>Looks at whole requests at the front of the input, up to the first that is no plain read.</summary>
    public void Look(ReadOnlySequence<byte> input)
    {
        // What is forbidden to the user, or queued, is not looked at either.
        if (context.Client.Modes != ClientModes.None || !context.Client.User.IsUnrestricted || !ahead.TryBegin(context.Fault))
            return;
        ReadOnlySpan<byte> rest = input.FirstSpan;
        while (!rest.IsEmpty && parser.Parse(rest) == ParseResult.Command && (parser.Count == 0 || TryAdd(rest)))
        {
            rest = rest[parser.Consumed..];
            parser.Reset();
        }

        parser.Reset();
        ahead.Ask();
    }

    private bool TryAdd(ReadOnlySpan<byte> request)
    {
        if (table.Find(parser.Arg(0, request)) is not { } spec || !IsPlainRead(spec) || !spec.Accepts(parser.Count))
            return false;
        KeySpec keys = spec.Keys;
        int to = keys.Last >= 0 ? keys.First + keys.Last : parser.Count + keys.Last;
        for (int arg = keys.First; arg <= to && arg < parser.Count; arg += keys.Step)
        {
            ReadOnlySpan<byte> key = parser.Arg(arg, request);
            if (key.Length > Contracts.Storage.BlobKey.BytesMax || !ahead.TryAdd(context.Client.Database, key))
                return false;
        }

        return true;
    }

    private static bool IsPlainRead(CommandSpec spec) =>
        spec is { Subcommands.Length: 0, RunsAtAuthority: false, MoreKeys.Length: 0, Keys: { IsNone: false, IsFixed: true, Limit: 0 } }
        && spec.Has(CommandFlags.ReadOnly) && !spec.Has(CommandFlags.AllShards);
}
