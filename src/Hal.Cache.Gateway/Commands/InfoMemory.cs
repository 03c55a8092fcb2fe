using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Scripts;
using static Hal.Cache.Gateway.Commands.InfoCommands;

namespace Hal.Cache.Gateway.Commands;

/// <summary>INFO's section of memory: the store's, and the process's around it.</summary>
internal static class InfoMemory
{
    public static void Write(StringBuilder text, CommandContext c)
    {
        IStoreStatistics store = c.Store.Statistics;
        long resident = Environment.WorkingSet;
        Line(text, $"used_memory:{store.MemoryBytes}");
        Line(text, $"used_memory_human:{Human(store.MemoryBytes)}");
        Line(text, $"used_memory_rss:{resident}");
        Line(text, $"used_memory_rss_human:{Human(resident)}");
        Line(text, $"used_memory_peak:{store.MemoryPeakBytes}");
        Line(text, $"used_memory_peak_human:{Human(store.MemoryPeakBytes)}");
        Line(text, $"used_memory_peak_perc:{Percent(store.MemoryBytes, store.MemoryPeakBytes)}");
        Line(text, $"used_memory_overhead:{store.TableBytes}");
        Line(text, $"used_memory_startup:{store.TableBytes}");
        Line(text, $"used_memory_dataset:{store.MemoryBytes - store.TableBytes}");
        Line(text, $"used_memory_dataset_perc:{Percent(store.MemoryBytes - store.TableBytes, store.MemoryBytes)}");
        WriteProcess(text, resident);
        WriteScripts(text, c.Server.Scripts);
        Line(text, $"maxmemory:{c.Server.Memory.Bytes}");
        Line(text, $"maxmemory_human:{Human(c.Server.Memory.Bytes)}");
        Line(text, $"maxmemory_policy:{c.Server.Config.Match(["maxmemory-policy"u8.ToArray()])[0].Value}");
        Line(text, $"mem_fragmentation_ratio:{(double)resident / Math.Max(1, store.MemoryBytes):F2}");
        Line(text, $"mem_fragmentation_bytes:{resident - store.MemoryBytes}");
        WriteNone(text, "mem_not_counted_for_evict", "mem_replication_backlog", "mem_total_replication_buffers", "mem_clients_slaves",
            "mem_cluster_links", "mem_aof_buffer");
        Line(text, $"mem_clients_normal:{c.Server.Clients.All.Where(client => client.Peer is null).Sum(client => ClientMemory.Of(client).Total)}");

        Line(text, $"mem_allocator:hal");
        Line(text, $"active_defrag_running:0");
        Line(text, $"lazyfree_pending_objects:0");
        Line(text, $"lazyfreed_objects:0");
    }

    // What Redis tells of its allocator.
    private static void WriteProcess(StringBuilder text, long resident)
    {
        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        Line(text, $"allocator_allocated:{memory.HeapSizeBytes}");
        Line(text, $"allocator_active:{memory.TotalCommittedBytes}");
        Line(text, $"allocator_resident:{resident}");
        Line(text, $"total_system_memory:{memory.TotalAvailableMemoryBytes}");
        Line(text, $"total_system_memory_human:{Human(memory.TotalAvailableMemoryBytes)}");
        Line(text, $"allocator_frag_ratio:{(double)memory.TotalCommittedBytes / Math.Max(1, memory.HeapSizeBytes):F2}");
        Line(text, $"allocator_frag_bytes:{memory.TotalCommittedBytes - memory.HeapSizeBytes}");
        Line(text, $"allocator_rss_ratio:{(double)resident / Math.Max(1, memory.TotalCommittedBytes):F2}");
        Line(text, $"allocator_rss_bytes:{resident - memory.TotalCommittedBytes}");

        // What is resident is all told as the allocator's: there is nothing over it.
        Line(text, $"rss_overhead_ratio:1.00");
        Line(text, $"rss_overhead_bytes:0");
    }

    // The texts of scripts and libraries; what their states take is not counted. In a tree these are the root's, from the first line to the one before the last.
    private static void WriteScripts(StringBuilder text, ScriptRuntime scripts)
    {
        IReadOnlyCollection<FunctionLibrary> libraries = scripts.Functions.Libraries;
        long functions = libraries.Sum(library => (long)library.Code.Length);
        Line(text, $"number_of_cached_scripts:{scripts.Count}");
        Line(text, $"number_of_functions:{libraries.Sum(library => library.Functions.Count)}");
        Line(text, $"number_of_libraries:{libraries.Count}");
        WriteNone(text, "used_memory_vm_eval", "used_memory_vm_functions", "used_memory_vm_total");
        Line(text, $"used_memory_vm_total_human:{Human(0)}");
        Line(text, $"used_memory_scripts_eval:{scripts.Bytes}");
        Line(text, $"used_memory_functions:{functions}");
        Line(text, $"used_memory_scripts:{scripts.Bytes + functions}");
        Line(text, $"used_memory_scripts_human:{Human(scripts.Bytes + functions)}");
        Line(text, $"used_memory_lua:0");
        Line(text, $"used_memory_lua_human:{Human(0)}");
    }

    private static string Percent(long part, long whole) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / Math.Max(1, whole):F2}%");
}
