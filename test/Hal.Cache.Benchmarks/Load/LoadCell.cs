namespace Hal.Cache.Benchmarks.Load;

internal enum LoadOperation
{
    Get,
    Set,
}

internal enum LoadClient
{
    RedisBenchmark,
    OwnDriver,
}

/// <summary>One cell of the throughput table.</summary>
internal sealed record LoadCell(LoadOperation Operation, int ValueBytes, int Pipeline, LoadClient Client)
{
    /// <summary>Bytes that one run of a SET cell may write, so that logs on disk stay small.</summary>
    internal const long SetBytesMax = 512L << 20;

    /// <summary>The row's name, which <c>--only</c> matches and a cause is kept under.</summary>
    public string Name =>
        $"{Verb} {Size(ValueBytes)} P{Pipeline}" + (Client == LoadClient.OwnDriver ? " (own driver)" : "");

    public string Verb => Operation == LoadOperation.Get ? "GET" : "SET";

    /// <summary>First guess of requests per second, for the warm-up only; measured rates replace it.</summary>
    public int NominalRate => ValueBytes switch
    {
        <= 1024 => Pipeline == 1 ? 100_000 : 400_000,
        <= 65_536 => 30_000,
        _ => 1_500,
    };

    public static IReadOnlyList<LoadCell> All { get; } = [.. Matrix()];

    /// <summary>The smoke run's: one small cell a verb, and one large a verb with the other client.</summary>
    public static IReadOnlyList<LoadCell> Quick { get; } =
    [
        new(LoadOperation.Get, 16, 16, LoadClient.RedisBenchmark),
        new(LoadOperation.Set, 16, 16, LoadClient.RedisBenchmark),
        new(LoadOperation.Get, 1 << 20, 1, LoadClient.OwnDriver),
        new(LoadOperation.Set, 1 << 20, 1, LoadClient.OwnDriver),
    ];

    private static IEnumerable<LoadCell> Matrix()
    {
        foreach (var size in (int[])[16, 1024, 65_536, 1 << 20])
        foreach (var client in size >= 1 << 20 ? (LoadClient[])[LoadClient.RedisBenchmark, LoadClient.OwnDriver] : [LoadClient.RedisBenchmark])
        foreach (var operation in (LoadOperation[])[LoadOperation.Get, LoadOperation.Set])
        foreach (var pipeline in size >= 1 << 20 ? (int[])[1, 16] : [1, 16, 64])
            yield return new LoadCell(operation, size, pipeline, client);
    }

    private static string Size(int bytes) => bytes switch
    {
        >= 1 << 20 => $"{bytes >> 20} MiB",
        >= 1 << 10 => $"{bytes >> 10} KiB",
        _ => $"{bytes} B",
    };
}
