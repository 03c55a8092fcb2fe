using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>What a broken implementation could do instead at its seams; this one does everything right.</summary>
internal class Mutation
{
    /// <summary>A message that reached the root, as it is handed on.</summary>
    public virtual object AtAuthority(SimRoot root, object message) => message;

    /// <summary>False: the message of the authority is not sent.</summary>
    public virtual bool MaySend(SimRoot root, CoherenceMessage message) => true;

    /// <summary>A message that reached a leaf, as it is handed on; null where it was dealt with.</summary>
    public virtual object? AtHolder(SimLeaf leaf, object message) => message;

    /// <summary>True: the acquire was answered in another way.</summary>
    public virtual bool Acquire(SimRoot root, int from, Acquire message, AcquireItem item) => false;

    public virtual void Held(SimRoot root, int from, Acquire message, AcquireItem item)
    {
    }

    public virtual void Changing(SimRoot root, int key, Stored? had)
    {
    }

    public virtual long Gate(long ticket) => ticket;

    public virtual bool DurableAtOnce => false;

    public virtual bool MarksWriter => true;

    public virtual bool TicksAuthority => true;

    /// <summary>A leaf's clock goes on while its machine sleeps.</summary>
    public virtual bool CountsSleep => true;

    public virtual IReadOnlyCollection<ulong>? Grace(IReadOnlyCollection<ulong>? instances) => instances;

    public virtual CoherenceOptions AuthorityOptions(CoherenceOptions options) => options;

    public virtual void Restarted(SimLeaf leaf)
    {
    }

    /// <summary>True: the eviction was told in another way.</summary>
    public virtual bool Evicted(SimLeaf leaf, KeyId key, long registration) => false;

    /// <summary>True: the read joined others in another way.</summary>
    public virtual bool Joined(SimLeaf leaf, int key, SimRead read) => false;

    /// <summary>The chunk that a source gives for a version asked for; null where it has none.</summary>
    public virtual long? Chunk(Stored? has, long version, int chunk) => has?.Version == version ? has.Value : null;
}
