using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Silo.Settings;
using Hal.Cache.Storage;

namespace Hal.Cache.Silo;

/// <summary>
/// Whether a data directory has data of its own (a root's, or of an instance that stands alone) or copies of a tree's. Copies may be dropped and
/// overwritten at any time, so data among them would be lost; and copies are nobody's data, though they would be counted as such.
/// </summary>
internal static class DataRecord
{
    private const string FileName = "hal-data";
    private const ulong Own = 1;
    private const ulong Copies = 2;

    /// <summary>Refuses a data directory of the other kind that is not empty; one of before this record takes the kind of its next start.</summary>
    public static CacheError? Check(SiloOptions options, IBlobStore store)
    {
        if (options.MemoryOnly) return null;
        var path = Path.Combine(options.Data, FileName);
        var kind = options.Role is InstanceRole.Branch or InstanceRole.Leaf ? Copies : Own;
        if (File.Exists(path))
        {
            if (new DurableCounter(options.Data, FileName).Value == kind) return null;
            if (store.Statistics.Keys > 0) return new CacheError(CacheErrorCode.Invalid, Refusal(options.Data, kind));
        }

        File.Delete(path);
        _ = new DurableCounter(options.Data, FileName, kind);
        return null;
    }

    private static string Refusal(string data, ulong kind) => kind == Copies
        ? $"the data in {data} is that of a root, or of an instance that stood alone, and would be lost among a branch's or leaf's copies: give its former role, or an empty --data"
        : $"what is in {data} are a branch's or leaf's copies of a tree's data, which are nobody's own: give its former role, or an empty --data";
}
