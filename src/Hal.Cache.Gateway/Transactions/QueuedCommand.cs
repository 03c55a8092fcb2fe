using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Transactions;

/// <summary>A command between MULTI and EXEC: its row, its request as it was sent, and its streamed arguments.</summary>
internal sealed record QueuedCommand(CommandSpec Spec, byte[] Request, ILargeValue[] Larges);
