using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway;

/// <summary>
/// A command's arguments that were staged in the store as they arrived; where one is asked for in one piece it is put together, up to
/// <see cref="GatewayLimits.MaterialisedArgBytesMax"/>. Not thread-safe.
/// </summary>
internal sealed class StreamedArguments
{
    private readonly List<ILargeValue> values = [];
    private readonly List<byte[]?> wholes = [];

    public int Count => values.Count;

    /// <summary>What they take, put together or not; any thread may ask.</summary>
    public long Bytes { get; private set; }

    public ILargeValue this[int index] => values[index];

    public void Add(ILargeValue value)
    {
        values.Add(value);
        wholes.Add(null);
        Bytes += value.Length;
    }

    public bool HasWhole(int index) => wholes[index] is not null;

    /// <summary>The bytes of an argument that was put together; throws where it was not.</summary>
    public ReadOnlySpan<byte> Whole(int index) =>
        wholes[index] is { } bytes ? bytes.AsSpan(0, (int)values[index].Length) : throw new ArgumentNotInMemoryException();

    /// <summary>Puts all arguments together; the error where one is too long or can't be read.</summary>
    public async ValueTask<CacheError?> MaterialiseAsync(CancellationToken cancellation)
    {
        for (int i = 0; i < values.Count; i++)
        {
            if (wholes[i] is not null) continue;
            ILargeValue value = values[i];
            if (value.Length > GatewayLimits.MaterialisedArgBytesMax)
                return new CacheError(CacheErrorCode.Invalid, $"argument exceeds the {GatewayLimits.MaterialisedArgBytesMax} bytes that this command takes");
            byte[] buffer = ArrayPool<byte>.Shared.Rent((int)value.Length);
            wholes[i] = buffer;
            Bytes += buffer.Length;
            for (int done = 0; done < value.Length;)
            {
                Result<int> read = await value.ReadAsync(done, buffer.AsMemory(done, (int)value.Length - done), cancellation);
                if (!read.IsOk) return read.Error;
                done += read.Value;
            }
        }

        return null;
    }

    /// <summary>Hands the values over to the caller, who releases them.</summary>
    public ILargeValue[] Take()
    {
        ILargeValue[] taken = [.. values];
        values.Clear();
        Clear();
        return taken;
    }

    /// <summary>Lets go of all.</summary>
    public void Clear()
    {
        foreach (ILargeValue value in values) value.Release();
        foreach (byte[]? bytes in wholes)
        {
            if (bytes is not null) ArrayPool<byte>.Shared.Return(bytes);
        }

        values.Clear();
        wholes.Clear();
        Bytes = 0;
    }
}
