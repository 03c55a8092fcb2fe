using Hal.Cache.Contracts;

namespace Hal.Cache.Storage.Log;

/// <summary>Opens the record log of a data directory: finds its tail, cuts what was never whole, and fails rather than lose what was.</summary>
internal static class RecordLog
{
    /// <summary>
    /// Opens or makes the log. Errors: Invalid for a bad setting, Corrupt when files or the mark are missing or damaged, Unavailable when
    /// the directory can't be used. A log that exists keeps its page and segment size, whatever the options say.
    /// </summary>
    public static Result<IRecordLog> Open(DataDirectory data, RecordLogOptions options, TimeProvider time) =>
        Open(data, options, time, segmentBytes => new SegmentFiles(data.LogPath, segmentBytes, time));

    /// <summary>The same with the files' maker given: for any number of bytes a segment, asked again when the log has another.</summary>
    public static Result<IRecordLog> Open(DataDirectory data, RecordLogOptions options, TimeProvider time, Func<int, ISegmentFiles> open)
    {
        if (options.Problem() is { } problem)
            return new CacheError(CacheErrorCode.Invalid, problem);
        ISegmentFiles? files = null;
        try
        {
            files = open(options.SegmentBytes);
            var mark = LogMark.Latest(files.ReadMark(), data.Seed);
            if (mark is { } known && known.SegmentBytes != files.SegmentBytes)
            {
                files.Dispose();
                files = open(known.SegmentBytes);
            }

            var log = Open(data, options, time, files, mark);
            if (!log.IsOk)
                files.Dispose();
            return log;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            files?.Dispose();
            return new CacheError(CacheErrorCode.Unavailable, $"The log in {data.LogPath} can't be opened: {e.Message}");
        }
    }

    private static Result<IRecordLog> Open(
        DataDirectory data, RecordLogOptions options, TimeProvider time, ISegmentFiles files, LogMark? found)
    {
        var isNew = found is null;
        if (isNew && (data.HasLog || files.Segments.Count > 0))
            return Damaged(data, "its mark is missing or not readable");
        var mark = found ?? new(0, RecordFormat.FirstAddress, RecordFormat.FirstAddress, options.PageBytes, options.SegmentBytes);
        if (Problem(files, mark) is { } problem)
            return Damaged(data, problem);

        var scanner = new LogScanner(files, mark.PageBytes, data.Seed);
        var (tail, cut) = CutTail(files, mark, scanner);
        // Durable before the first append: what is found here must be found again.
        files.Sync();
        mark = mark with { Sequence = mark.Sequence + 1, Committed = tail };
        WriteMark(files, mark, data.Seed);
        mark = mark with { Sequence = mark.Sequence + 1 }; // both slots, so that neither is from before
        WriteMark(files, mark, data.Seed);
        data.NoteLog();
        return new FasterRecordLog(files, options, mark, new(isNew, mark.Begin, tail, cut), data.Seed, scanner, time);
    }

    // Every segment from the begin to what was durable must be there, whole.
    private static string? Problem(ISegmentFiles files, LogMark mark)
    {
        var first = mark.Begin / mark.SegmentBytes;
        foreach (var old in files.Segments.Where(segment => segment < first))
            files.Delete(old); // a truncation that a crash interrupted
        var segments = files.Segments;
        var last = mark.Committed > mark.Begin ? (mark.Committed - 1) / mark.SegmentBytes : first - 1;
        last = Math.Max(last, segments.Count > 0 ? segments[^1] : last);
        for (var segment = first; segment <= last; segment++)
        {
            var index = (int)(segment - first);
            if (index >= segments.Count || segments[index] != segment)
                return $"segment {segment} of {first} to {last} is missing";
            var needed = Math.Min(mark.Committed - segment * mark.SegmentBytes, mark.SegmentBytes);
            if (files.LengthOf(segment) < needed)
                return $"segment {segment} has {files.LengthOf(segment)} bytes of at least {needed}";
        }

        return null;
    }

    private static (long Tail, long CutBytes) CutTail(ISegmentFiles files, LogMark mark, LogScanner scanner)
    {
        if (files.Segments is not [.., var last])
            return (mark.Committed, 0);
        var (tail, cut) = scanner.FindTail(mark.Committed, (last + 1) * mark.SegmentBytes);
        if (cut == 0)
            return (tail, 0);
        // The last first, so that a crash in between leaves no gap. Zeros from the tail on, or a later crash could take an old record behind a new one for its successor.
        var holds = tail / mark.SegmentBytes;
        foreach (var segment in files.Segments.Where(segment => segment > holds).Reverse())
            files.Delete(segment);
        if (files.Segments[^1] == holds)
            files.Cut(holds, (int)(tail % mark.SegmentBytes));
        return (tail, cut);
    }

    private static void WriteMark(ISegmentFiles files, LogMark mark, uint seed)
    {
        Span<byte> slot = stackalloc byte[LogMark.SlotBytes];
        mark.WriteTo(slot, seed);
        files.WriteMark(mark.Offset, slot, durable: true);
    }

    private static CacheError Damaged(DataDirectory data, string what) =>
        new(CacheErrorCode.Corrupt, $"The log in {data.LogPath} is damaged: {what}. Restore it, or move it away to start empty.");
}
