using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>One hold on an object's structure; the last one to go parts with a structure that no entry has any more.</summary>
internal sealed class ObjectHold(StoreCore core, ObjectSlot slot, IObjectValue value) : IObjectHold
{
    private int disposed;

    public IObjectValue Value => value;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        Shard shard = core.ObjectWriter.Enter(slot);
        try
        {
            if (--slot.Holds == 0 && slot is { IsDetached: true, IsBusy: false })
                core.Objects.Bury(slot);
        }
        finally
        {
            shard.Gate.Exit();
        }

        core.Room.Lift(); // changes waited
    }
}
