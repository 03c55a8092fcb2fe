using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Commands;
using Hal.Cache.Storage;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Gateway.Tests.Commands;

/// <summary>Runs string commands against a store in memory and gives their replies' bytes, each byte a character.</summary>
internal sealed class StringHost : IAsyncDisposable
{
    private static readonly Dictionary<string, CommandSpec> Table = new CommandSpec[][]
    {
        StringCommands.Specs, CounterCommands.Specs, RangeCommands.Specs, BitmapCommands.Specs, BitfieldCommands.Specs, LcsCommand.Specs,
    }.SelectMany(specs => specs).ToDictionary(spec => spec.Name);

    private readonly IBlobStore store;
    private readonly CommandContext context;

    private readonly bool owned;

    public StringHost()
    {
        Time = new(DateTimeOffset.UnixEpoch.AddDays(20_000));
        Result<IBlobStore> opened = BlobStores.Open(new BlobStoreOptions { MemoryBytes = 256 << 20 }, new KeepsAllPolicy(), Time);
        store = opened.Value;
        owned = true;
        context = new CommandContext(store, Time);
    }

    private StringHost(StringHost first)
    {
        Time = first.Time;
        store = first.store;
        context = new CommandContext(store, Time);
    }

    public ManualTimeProvider Time { get; }

    public IBlobStore Store => store;

    public int Protocol
    {
        set => context.Reply.Protocol = value;
    }

    /// <summary>Runs a command whose arguments are separated by spaces.</summary>
    public Task<string> LineAsync(string line) => RunAsync(line.Split(' '));

    public async Task<string> RunAsync(params string[] args)
    {
        byte[][] bytes = Array.ConvertAll(args, Encoding.Latin1.GetBytes);
        CommandSpec spec = Table[args[0].ToLowerInvariant()];
        int last = spec.Keys.Last < 0 ? args.Length + spec.Keys.Last : spec.Keys.Last;
        int[] keys = [.. Enumerable.Range(spec.Keys.First, Math.Max(0, last - spec.Keys.First + 1)).Where(i => (i - spec.Keys.First) % spec.Keys.Step == 0)];
        context.Reply.Clear();
        await context.RunAsync(bytes, keys, spec.Handler);
        return Encoding.Latin1.GetString(context.Reply.WrittenSpan);
    }

    public void PutOther(string key)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(key);
        ulong hash = store.Hash(bytes);
        WriteScope scope = default;
        store.Lock(store.AllShards);
        store.Put(new BlobKey(0, bytes, hash), BlobType.List, "x"u8, 0, EntryFlags.None, ref scope);
        store.Unlock(store.AllShards);
    }

    /// <summary>Another connection to the same store.</summary>
    public StringHost Second() => new(this);

    public ValueTask DisposeAsync() => owned ? store.DisposeAsync() : default;
}
