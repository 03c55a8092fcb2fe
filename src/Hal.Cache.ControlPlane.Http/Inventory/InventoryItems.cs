using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.ControlPlane.Http.Inventory;

/// <summary>
/// Writes a batch of objects as JSON into a buffer of its own: the inventory may hold a lock while it tells, so the response's pipe,
/// which can fail, is not touched until the batch is over.
/// </summary>
internal sealed class InventoryItems(KeyFilter? filter, byte separator) : IInventorySink, IDisposable
{
    // What is written around a key: braces, names, two numbers of at most 20 digits.
    private const int FrameBytes = 96;

    // A UTF-8 byte becomes at most \uXXXX, a base64 group less.
    private const int ExpansionMax = 6;

    // Bytes that JSON takes as they are. Nothing here is HTML, so only what JSON itself reserves is escaped.
    private static readonly SearchValues<byte> Plain =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x5f).Select(b => (byte)b).Where(b => b is not ((byte)'"' or (byte)'\\'))]);

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(128 << 10);
    private int length;

    /// <summary>Objects told since the last <see cref="Clear"/>, those that the filter left out included.</summary>
    public int Scanned { get; private set; }

    /// <summary>Objects written since the last <see cref="Clear"/>.</summary>
    public int Count { get; private set; }

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    public void Clear() => (length, Scanned, Count) = (0, 0, 0);

    // Compiled well at once: the first request would otherwise tell a million keys with unoptimised code, which takes some five times longer.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(int database, ReadOnlySpan<byte> key, long bytes)
    {
        Scanned++;
        if (filter?.Takes(key) == false) return;
        Count++;
        Reserve(FrameBytes + key.Length);
        if (!key.ContainsAnyExcept(Plain)) WritePlain(key);
        else if (Utf8.IsValid(key)) WriteEscaped(key);
        else WriteBase64(key);
        Append("\",\"bytes\":"u8);
        AppendNumber(bytes);
        if (database != 0)
        {
            Append(",\"database\":"u8);
            AppendNumber(database);
        }
        Append("}"u8);
        buffer[length++] = separator;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WritePlain(ReadOnlySpan<byte> key)
    {
        Append("{\"key\":\""u8);
        Append(key);
    }

    private void WriteEscaped(ReadOnlySpan<byte> key)
    {
        Reserve(FrameBytes + key.Length * ExpansionMax);
        Append("{\"key\":\""u8);
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(key, buffer.AsSpan(length), out _, out var written);
        length += written;
    }

    private void WriteBase64(ReadOnlySpan<byte> key)
    {
        Reserve(FrameBytes + Base64.GetMaxEncodedToUtf8Length(key.Length));
        Append("{\"keyBase64\":\""u8);
        Base64.EncodeToUtf8(key, buffer.AsSpan(length), out _, out var written);
        length += written;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AppendNumber(long number)
    {
        Utf8Formatter.TryFormat(number, buffer.AsSpan(length), out var written);
        length += written;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reserve(int bytes)
    {
        if (buffer.Length - length < bytes) Grow(bytes);
    }

    private void Grow(int bytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, length + bytes));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
