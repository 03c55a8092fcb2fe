using System.Diagnostics;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts;

namespace Hal.Cache.Node.Tree.Publication;

/// <summary>One item of a holder's question that could not be answered at once, with what was learned while it waited.</summary>
internal sealed class HeldAcquire(AcquireHandler handler, ulong instance, uint session, uint epoch, AcquireItem item, Activity? span)
{
    private CommandMemory? memory;

    /// <summary>The span of its answer, until that goes out; null where nobody traces it.</summary>
    public Activity? Span => span;

    public AcquireHandler Handler => handler;

    public ulong Instance => instance;

    public uint Session => session;

    public uint Epoch => epoch;

    public AcquireItem Item => item;

    /// <summary>What earlier waits have learned; null where there was none.</summary>
    public CommandMemory? MemoryKept => memory;

    public CommandMemory Memory => memory ??= new();

    public AcquireAnswer Busy() => new(item.Key, item.Flight, 0, AcquireStatus.Busy);

    /// <summary>The answer where the value can't be had now: the reason travels beside it.</summary>
    public AcquireAnswer Refused(CacheError error) => Busy() with { Payload = System.Text.Encoding.UTF8.GetBytes(error.Message) };

    /// <summary>
    /// The same, said to be for good where asking again brings no other answer, as of a path that the origin does not allow: a client must not be told
    /// to try again. (<see cref="AcquireAnswer.Immutable"/> says it, which means nothing else here, and which an older holder passes over.)
    /// </summary>
    public AcquireAnswer Failed(CacheError error) => Refused(error) with { Immutable = error.Code is CacheErrorCode.Refused or CacheErrorCode.Invalid };
}
