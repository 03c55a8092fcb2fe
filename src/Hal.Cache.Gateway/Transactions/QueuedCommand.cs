using Hal.Cache.Contracts.Storage;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Transactions;

/// <summary>A command between MULTI and EXEC: its row, its request as it was sent, its streamed arguments, and its key where it has just one.</summary>
internal sealed record QueuedCommand(CommandSpec Spec, byte[] Request, ILargeValue[] Larges, QueuedKey OnlyKey)
{
    /// <summary>Makes it the context's command, until the context's End.</summary>
    public void LoadInto(CommandContext inner)
    {
        int large = 0;
        while (inner.Parser.Parse(Request) == ParseResult.LargeArgument)
        {
            ILargeValue value = Larges[large++];
            value.Retain();
            inner.AddLarge(value);
            inner.Parser.LargeTaken();
        }

        inner.SetInput(Request);
        inner.Spec = Spec;
        inner.Begin();
    }
}
