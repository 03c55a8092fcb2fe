using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Node.Tree.Publication;

/// <summary>
/// What an item waits for: a fault of the key, a ticket, the commit of an address; the answer goes out after it where it is known, otherwise
/// the item is tried again.
/// </summary>
internal readonly record struct AcquireWait(Fault Fault, long Ticket, long Commit, AcquireAnswer? Answer);
