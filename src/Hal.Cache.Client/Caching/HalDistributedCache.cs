using System.Buffers;
using System.Net.Sockets;
using Hal.Cache.Client.Caching;
using Microsoft.Extensions.Caching.Distributed;

namespace Hal.Cache.Client;

/// <summary>
/// ASP.NET Core's distributed cache on a HAL instance, over RESP. An entry is a hash of <c>data</c>, <c>absexp</c> and <c>sldexp</c>, as
/// other Redis implementations of the interface have it, of at most 64 MB. Thread-safe; throws <see cref="IOException"/> where the instance can't be
/// reached, <see cref="TimeoutException"/> where it does not answer in time, and <see cref="InvalidOperationException"/> where it answers an error.
/// </summary>
public sealed class HalDistributedCache : IBufferDistributedCache, IAsyncDisposable, IDisposable
{
    private const long None = -1;

    private static readonly ReadOnlyMemory<byte> Absolute = RespCommands.Text("absexp");
    private static readonly ReadOnlyMemory<byte> Sliding = RespCommands.Text("sldexp");
    private static readonly ReadOnlyMemory<byte> Data = RespCommands.Text("data");

    private readonly HalCacheOptions options;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource disposed = new();
    private readonly Lock gate = new();
    private Task<RespLink>? link;
    private bool closed;

    public HalDistributedCache(HalCacheOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem) throw new ArgumentException(problem, nameof(options));
        (this.options, this.time) = (options, time);
    }

    public byte[]? Get(string key) => Wait(() => GetAsync(key));

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        var name = Key(key);
        var fields = (await RunAsync(new RespCommands().Add("HMGET", name, Absolute, Sliding, Data), token))[0].Items!;
        if (fields[2].Bytes is not { } data) return null;
        // Reading is using: an entry that lives as long as it is used lives on.
        if (Lifetime(fields[0].Number(None), fields[1].Number(None)) is { } left) await RunAsync(new RespCommands().Add("PEXPIRE", name, RespCommands.Number(left)), token);
        return data;
    }

    public bool TryGet(string key, IBufferWriter<byte> destination) => Wait(() => TryGetAsync(key, destination).AsTask());

    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (await GetAsync(key, token) is not { } data) return false;
        destination.Write(data);
        return true;
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => Wait(() => SetAsync(key, value, options));

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return SetAsync(key, (ReadOnlyMemory<byte>)value, options, token);
    }

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) => Set(key, value.ToArray(), options);

    public ValueTask SetAsync(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        new(SetAsync(key, value.IsSingleSegment ? value.First : value.ToArray(), options, token));

    public void Refresh(string key) => Wait(() => RefreshAsync(key));

    public async Task RefreshAsync(string key, CancellationToken token = default)
    {
        var name = Key(key);
        var fields = (await RunAsync(new RespCommands().Add("HMGET", name, Absolute, Sliding), token))[0].Items!;
        if (Lifetime(fields[0].Number(None), fields[1].Number(None)) is { } left) await RunAsync(new RespCommands().Add("PEXPIRE", name, RespCommands.Number(left)), token);
    }

    public void Remove(string key) => Wait(() => RemoveAsync(key));

    public Task RemoveAsync(string key, CancellationToken token = default) => RunAsync(new RespCommands().Add("DEL", Key(key)), token);

    public void Dispose() => Wait(() => DisposeAsync().AsTask());

    public async ValueTask DisposeAsync()
    {
        Task<RespLink>? last;
        lock (gate)
        {
            if (closed) return;
            (closed, last) = (true, link);
        }
        await disposed.CancelAsync();
        if (last is not null) await CloseAsync(last);
        disposed.Dispose();
    }

    private Task<RespValue[]> SetAsync(string key, ReadOnlyMemory<byte> value, DistributedCacheEntryOptions entry, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var now = time.GetUtcNow();
        if (entry.AbsoluteExpiration <= now) throw new ArgumentOutOfRangeException(nameof(entry), entry.AbsoluteExpiration, "AbsoluteExpiration must be in the future.");
        var end = entry.AbsoluteExpirationRelativeToNow is { } relative ? now + relative : entry.AbsoluteExpiration;
        var (absolute, sliding) = (end?.UtcTicks ?? None, entry.SlidingExpiration?.Ticks ?? None);
        var name = Key(key);
        // As one, so that nobody sees an entry that never ends, or half of two.
        var commands = new RespCommands().Add("MULTI").Add("DEL", name)
            .Add("HSET", name, Absolute, RespCommands.Number(absolute), Sliding, RespCommands.Number(sliding), Data, value);
        var left = Lifetime(absolute, sliding) ?? (end is null ? null : Milliseconds(end.Value - now));
        if (left is { } milliseconds) commands.Add("PEXPIRE", name, RespCommands.Number(milliseconds));
        return RunAsync(commands.Add("EXEC"), token);
    }

    // How long an entry that is being used lives from now on; null where using it changes nothing.
    private long? Lifetime(long absoluteTicks, long slidingTicks)
    {
        if (slidingTicks == None) return null;
        var left = TimeSpan.FromTicks(slidingTicks);
        if (absoluteTicks == None) return Milliseconds(left);
        var rest = TimeSpan.FromTicks(absoluteTicks - time.GetUtcNow().UtcTicks);
        return Milliseconds(rest < left ? rest : left);
    }

    private static long Milliseconds(TimeSpan left) => Math.Max(1, (long)left.TotalMilliseconds);

    private ReadOnlyMemory<byte> Key(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return RespCommands.Text(options.KeyPrefix + key);
    }

    // Every command may be repeated, so one whose connection turns out to be broken is, once.
    private async Task<RespValue[]> RunAsync(RespCommands commands, CancellationToken cancellation)
    {
        for (var last = false; ; last = true)
        {
            var used = await LinkAsync().WaitAsync(cancellation);
            var sent = Observed(used.SendAsync(commands, cancellation));
            try
            {
                var replies = await sent.WaitAsync(options.CommandTimeout, time, cancellation);
                return replies.Concat(replies[^1].Items ?? []).FirstOrDefault(r => r.IsError) is { IsError: true } error ? throw new InvalidOperationException($"the instance answered: {error.Text}") : replies;
            }
            catch (IOException) when (!last && !cancellation.IsCancellationRequested)
            {
                // The instance may have restarted since; another connection tells.
            }
            catch (TimeoutException late)
            {
                used.Break();
                throw new TimeoutException($"{options.Host}:{options.Port} did not answer within {options.CommandTimeout.TotalSeconds} s", late);
            }
        }
    }

    // One attempt for all who wait: had each one of its own, one after the other, the last would wait for all their time-outs.
    private Task<RespLink> LinkAsync()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (link is { } made && (!made.IsCompleted || made is { IsCompletedSuccessfully: true, Result.IsBroken: false })) return made;
            return link = Observed(OpenAsync(link));
        }
    }

    private async Task<RespLink> OpenAsync(Task<RespLink>? broken)
    {
        if (broken is not null) await CloseAsync(broken);
        try
        {
            return await RespLink.ConnectAsync(options, time, disposed.Token);
        }
        catch (SocketException failure)
        {
            throw new IOException($"{options.Host}:{options.Port} can't be reached: {failure.Message}", failure);
        }
        catch (OperationCanceledException)
        {
            throw new ObjectDisposedException(nameof(HalDistributedCache));
        }
    }

    private static async Task CloseAsync(Task<RespLink> link)
    {
        await ((Task)link).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (link.IsCompletedSuccessfully) await (await link).DisposeAsync();
    }

    // Whoever waits may leave first; a failure is then nobody's, and no UnobservedTaskException of the application's.
    private static Task<T> Observed<T>(Task<T> task)
    {
        if (!task.IsCompletedSuccessfully) _ = SeenAsync(task);
        return task;
    }

    private static async Task SeenAsync(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // The interface has these twins; they must not wait for the thread that they block.
    private static T Wait<T>(Func<Task<T>> call) => Task.Run(call).GetAwaiter().GetResult();

    private static void Wait(Func<Task> call) => Task.Run(call).GetAwaiter().GetResult();
}
