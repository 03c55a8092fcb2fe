using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>One ownership record of this silo, which its own grain and the one of all records here ask. Thread-safe.</summary>
internal sealed class RecordHost(RecordShard record)
{
    private readonly Lock gate = new();
    private bool isClosed;

    public string Life => record.Life;

    /// <summary>Asks the record; null where it is another silo's by now.</summary>
    public T? Ask<T>(Func<RecordShard, T> ask)
        where T : class
    {
        lock (gate) return isClosed ? null : ask(record);
    }

    /// <summary>What has been asked until now is answered, and nothing after it.</summary>
    public void Close()
    {
        lock (gate) isClosed = true;
    }
}
