namespace Hal.Cache.Storage.Log;

/// <summary>What a scan of the log calls, on the scanning thread; the spans are valid only during the call.</summary>
internal interface IRecordVisitor
{
    /// <summary>One intact record; false ends the scan before this record, so that a later scan begins with it.</summary>
    bool Visit(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Bytes that hold no intact record although they should; the scan goes on after them.</summary>
    void Damaged(long address, long bytes);
}
