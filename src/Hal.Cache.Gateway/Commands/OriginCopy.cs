using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;

namespace Hal.Cache.Gateway.Commands;

/// <summary>
/// COPY of an origin's large object: the copy shares the chunks that are here, the others are read from the origin one by one, so that
/// memory stays bounded however large the object is.
/// </summary>
internal sealed class OriginCopy : IDisposable
{
    private readonly ValueReader reader;
    private readonly ILargeValue copy;
    private readonly BlobType type;
    private readonly int database;
    private readonly bool replace;

    private OriginCopy(CommandContext context, in EntryRef entry, int database, bool replace)
    {
        ILargeValue value = context.Store.Large(entry);
        (type, this.database, this.replace) = (entry.Type, database, replace);
        copy = value.Derive(value.Length, static _ => true);
        reader = context.Keyspace.OpenReader(context.Key(1), entry, 0, value.Length);
    }

    /// <summary>Begins the copy, under the locks; it goes on and replies without them.</summary>
    public static Outcome Start(CommandContext context, in EntryRef entry, int database, bool replace)
    {
        var copying = new OriginCopy(context, entry, database, replace);
        return context.RunAsync(copying.RunAsync);
    }

    public void Dispose()
    {
        reader.Dispose();
        copy.Release();
    }

    private async ValueTask RunAsync(CommandContext context)
    {
        using (this)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // off the thread that polls sockets
            if (await FillAsync(context.Cancellation) is { } error)
            {
                context.Error(error);
                return;
            }

            long? copied;
            while (!context.TryLock()) await context.WaitForFenceAsync();
            while ((copied = TryPut(context)) is null)
            {
                if (!await context.ResolveFaultAsync()) return;
                while (!context.TryLock()) await context.WaitForFenceAsync();
            }

            context.Reply.Integer(copied.Value);
        }
    }

    /// <summary>Number of copies, 0 where the target exists; null where a fault is to be awaited. Lets go of the locks.</summary>
    private long? TryPut(CommandContext context)
    {
        try
        {
            BlobKey target = context.Key(2, database);
            if (!context.TryFind(target, Need.Meta, out EntryRef there)) return null;
            if (!there.IsNone && !replace) return 0;
            StoreStatus status = context.Store.Put(target, type, copy, 0, EntryFlags.None, ref context.Scope);
            if (!context.IsDone(status, IBlobStore.ChunkBytes)) return null;
            context.Changed("copy_to", 2);
            return 1;
        }
        finally
        {
            context.Unlock();
        }
    }

    private async ValueTask<CacheError?> FillAsync(CancellationToken cancellation)
    {
        byte[] chunk = ArrayPool<byte>.Shared.Rent(IBlobStore.ChunkBytes);
        try
        {
            for (int index = 0; index < copy.ChunkCount; index++)
            {
                int bytes = (int)Math.Min(IBlobStore.ChunkBytes, reader.Remaining);
                if (copy.HasChunk(index))
                {
                    reader.Skip(bytes);
                    continue;
                }

                for (int filled = 0; filled < bytes;)
                {
                    Result<int> read = await reader.ReadAsync(chunk.AsMemory(filled, bytes - filled), cancellation);
                    if (!read.IsOk)
                        return read.Error;
                    filled += read.Value;
                }

                if (await copy.WriteChunkAsync(index, chunk.AsMemory(0, bytes), cancellation) is { } full)
                    return full;
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }
}
