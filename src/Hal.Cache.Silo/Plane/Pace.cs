namespace Hal.Cache.Silo.Plane;

/// <summary>Holds all who share it to so many bytes per second (null: as fast as it goes), counted from its making.</summary>
internal sealed class Pace(long? bytesPerSecond, TimeProvider time)
{
    private readonly long began = time.GetTimestamp();
    private long total;

    /// <summary>Counts bytes, and waits until they are due.</summary>
    public async ValueTask TakeAsync(int bytes, CancellationToken cancellation)
    {
        if (bytesPerSecond is not { } rate) return;
        var due = TimeSpan.FromSeconds((double)Interlocked.Add(ref total, bytes) / rate) - time.GetElapsedTime(began);
        if (due > TimeSpan.Zero) await Task.Delay(due, time, cancellation);
    }
}
