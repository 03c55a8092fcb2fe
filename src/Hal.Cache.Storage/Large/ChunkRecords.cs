using System.Runtime.InteropServices;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Large;

/// <summary>
/// Where the log's records of chunks lie, segment by segment: reclaiming a segment then reads of it only what stays, and what is no chunk. A record
/// that is not listed is found by reading.
/// </summary>
internal sealed class ChunkRecords(PagePool pool, IRecordLog log)
{
    private readonly Lock gate = new();
    private readonly Dictionary<long, List<ChunkRun>> segments = [];

    /// <summary>Notes a record; those that follow one another, as a stream's do, take no more room than one.</summary>
    public void Add(long address, long id, int bytes)
    {
        long segment = address / log.SegmentBytes;
        int offset = (int)(address % log.SegmentBytes);
        lock (gate)
        {
            if (!segments.TryGetValue(segment, out List<ChunkRun>? runs))
                segments[segment] = runs = [];
            if (runs is [.., var last] && last.Bytes == bytes && last.FirstId + last.Count == id && EndOf(last) == offset)
            {
                CollectionsMarshal.AsSpan(runs)[^1].Count++;
                return;
            }

            runs.Add(new() { Offset = offset, Bytes = bytes, FirstId = id, Count = 1 });
        }

        pool.AddOverhead(ChunkRun.OwnBytes);
    }

    /// <summary>The runs of the segment at an address, in their order in the log.</summary>
    public ChunkRun[] OfSegmentAt(long address)
    {
        lock (gate)
        {
            if (!segments.TryGetValue(address / log.SegmentBytes, out List<ChunkRun>? runs))
                return [];
            ChunkRun[] ordered = [.. runs];
            Array.Sort(ordered, static (one, other) => one.Offset.CompareTo(other.Offset)); // threads that append side by side may note in another order
            return ordered;
        }
    }

    /// <summary>The segments before an address are gone.</summary>
    public void ForgetBefore(long address)
    {
        long first = address / log.SegmentBytes;
        long count = 0;
        lock (gate)
        {
            foreach ((long segment, List<ChunkRun> runs) in segments)
            {
                if (segment >= first)
                    continue;
                count += runs.Count;
                segments.Remove(segment);
            }
        }

        pool.AddOverhead(-ChunkRun.OwnBytes * count);
    }

    /// <summary>Where in its segment a run ends.</summary>
    public int EndOf(in ChunkRun run) => run.Offset + (run.Count * log.RecordBytes(0, run.Bytes));

    /// <summary>Records of chunks of one length and with ascending ids, one behind the other.</summary>
    internal struct ChunkRun
    {
        /// <summary>Memory that one takes.</summary>
        public const int OwnBytes = 24;

        /// <summary>Place of the first in its segment.</summary>
        public int Offset;

        /// <summary>Length of each chunk.</summary>
        public int Bytes;

        public long FirstId;
        public int Count;
    }
}
