using System.Buffers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Tests.Tree.Collections;

public sealed class PartialExpiryTests
{
    [Theory]
    [InlineData(0, long.MaxValue, null)]
    [InlineData(0, 5000, 5000)]
    [InlineData(2000, 5000, 2000)]
    [InlineData(9000, 5000, 5000)]
    [InlineData(0, -1, 0)]
    public async Task A_copy_is_served_until_the_first_part_of_it_expires(long wholeIn, long partIn, int? served)
    {
        await using var rig = new Rig();
        long now = rig.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        ulong hash = rig.Store.Hash("k"u8);
        var scope = default(WriteScope);
        rig.Store.Lock(rig.Store.ShardOf(hash));
        try
        {
            var key = new BlobKey(0, "k"u8, hash);
            // The store's clock is the system's, and would take the key for expired: it is not asked by Find.
            rig.Store.Put(key, new Expiring(partIn == long.MaxValue ? partIn : now + partIn), 0, EntryFlags.None, ref scope);
            if (wholeIn != 0) rig.Store.SetExpiry(key, now + wholeIn, ref scope);

            Assert.Equal(served, rig.Keyspace.CollectionFreshFor(key, rig.Store.FindNext(0, hash, default))?.TotalMilliseconds);
        }
        finally
        {
            rig.Store.Unlock(rig.Store.ShardOf(hash));
        }
    }

    private sealed class Expiring(long at) : ICollectionValue
    {
        public BlobType Type => BlobType.Hash;

        public long MemoryBytes => 64;

        public bool IsEmpty => false;

        public long NextExpiry => at;

        public void Write(IBufferWriter<byte> destination)
        {
            // Nobody reads it back.
        }

        public bool TryApply(ReadOnlySpan<byte> change) => false;
    }
}
