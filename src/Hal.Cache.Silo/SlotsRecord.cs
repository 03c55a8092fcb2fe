using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tree;
using Hal.Cache.Silo.Settings;
using Hal.Cache.Storage;

namespace Hal.Cache.Silo;

/// <summary>
/// For which division of the slots the data directory was filled. Keys don't move between roots: a root whose slots are other ones would hide
/// its keys, or show those that another root writes; and copies of one root's versions must not pass for another's.
/// </summary>
internal static class SlotsRecord
{
    private const string FileName = "hal-slots";

    /// <summary>Compares the record with the settings: refuses a root's data of other slots, drops copies that were made under other roots.</summary>
    public static CacheError? Check(SiloOptions options, IBlobStore store)
    {
        var path = Path.Combine(options.Data, FileName);
        if (options.MemoryOnly || options.Role is null || (options.RootSlots.Count == 0 && !File.Exists(path))) return null;
        var isRoot = options.Role == InstanceRole.Root;
        var roots = options.Roots;
        var own = Division(roots.SlotsOf);
        var division = Mark(own);
        var kept = File.Exists(path) ? new DurableCounter(options.Data, FileName).Value : (ulong?)null;
        if (kept == division) return null;
        // Earlier releases kept a division as it was cut in the settings.
        if (store.Statistics.Keys > 0 && kept != Mark(Division(name => options.RootSlots.Where(s => s.Root == name).OrderBy(s => s.First).Select(s => new SlotRange(s.First, s.Last)))))
        {
            const string advice = "and keys do not move between roots: give its former roots, or an empty --data";
            if (isRoot) return new CacheError(CacheErrorCode.Invalid, $"the data in {options.Data} was written for other slots than {own}, {advice}");
            if (Drop(store) is { } full) return full;
        }
        File.Delete(path);
        _ = new DurableCounter(options.Data, FileName, division);
        return null;

        string Division(Func<string, IEnumerable<SlotRange>> slotsOf) => isRoot
            ? Shown(slotsOf(options.Name))
            : string.Join(' ', roots.Names.Order(StringComparer.Ordinal).Select(name => $"{name}={Shown(slotsOf(name))}"));
    }

    private static string Shown(IEnumerable<SlotRange> slots) => string.Join(',', slots.Select(r => $"{r.First}-{r.Last}"));

    private static ulong Mark(string division) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(division)));

    private static CacheError? Drop(IBlobStore store)
    {
        var scope = default(WriteScope);
        store.Lock(store.AllShards);
        try
        {
            if (store.Flush(-1, ref scope) == StoreStatus.Done) return null;
            return new CacheError(CacheErrorCode.Busy, "there is no room to drop the copies that were made under other roots");
        }
        finally
        {
            store.Unlock(store.AllShards);
        }
    }
}
