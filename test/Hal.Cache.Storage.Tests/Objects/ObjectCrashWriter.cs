using System.Globalization;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;

namespace Hal.Cache.Storage.Tests.Objects;

/// <summary>Writers that each add one number after the other to an object of their own, small or big, and print what is acknowledged, until killed.</summary>
internal static class ObjectCrashWriter
{
    public const int Writers = 8;

    /// <summary>Numbers an object holds before it begins anew.</summary>
    public const int NumbersMax = 400;

    private const int BallastBytes = 300_000;

    public static IBlobStore Open(string directory)
    {
        var options = new BlobStoreOptions
        {
            Directory = directory, MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin,
            ObjectCodec = new MultimapCodec(),
        };
        return BlobStores.Open(options, new KeepRecentPolicy(true), TimeProvider.System).Value;
    }

    /// <summary>The numbers that a writer's object has under one key or the other, null where there is none.</summary>
    public static async Task<long[]?> NumbersAsync(IBlobStore store, int writer)
    {
        Multimap? even = await store.GetObjectAsync($"w{writer}:0");
        Multimap? odd = await store.GetObjectAsync($"w{writer}:1");
        if (even != null && odd != null)
            throw new InvalidOperationException($"The object of writer {writer} is under both of its keys.");
        return (even ?? odd)?["n"].Select(bytes => BitConverter.ToInt64(bytes)).ToArray();
    }

    public static async Task<int> RunAsync(string directory)
    {
        IBlobStore store = Open(directory);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(store, writer))));
        return 0;
    }

    private static async Task WriteAsync(IBlobStore store, int writer)
    {
        long[]? held = await NumbersAsync(store, writer);
        int side = await store.GetObjectAsync($"w{writer}:1") != null ? 1 : 0;
        for (long number = held is { Length: > 0 } ? held[^1] + 1 : 0; ; number++)
        {
            if (held == null || number % NumbersMax == 0)
            {
                var map = new Multimap();
                map.TryApply(Multimap.Append("ballast", new byte[writer % 2 == 0 ? BallastBytes : 10]));
                map.TryApply(Multimap.Append("n", BitConverter.GetBytes(number)));
                await store.PutObjectAsync($"w{writer}:{side}", map);
                held = [];
            }
            else
            {
                await store.ChangeAsync($"w{writer}:{side}", Multimap.Append("n", BitConverter.GetBytes(number)));
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{writer} {number}"));
            if (number % 37 != 36)
                continue;
            await store.MoveAsync($"w{writer}:{side}", $"w{writer}:{1 - side}");
            side = 1 - side;
        }
    }
}
