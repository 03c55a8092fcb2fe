using Hal.Cache.Node.Streams;

namespace Hal.Cache.Gateway.Streams;

/// <summary>Fields and values among a command's arguments.</summary>
internal readonly struct ArgFields(CommandContext context, int firstArg) : IStreamFields
{
    public int Count => context.Count - firstArg;

    public ReadOnlySpan<byte> this[int index] => context.Arg(firstArg + index);
}
