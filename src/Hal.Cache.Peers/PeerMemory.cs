using System.Security.Cryptography;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Peers;

/// <summary>
/// The values' memory of a peer on this machine, mapped while it is used: one copy, for which neither the peer nor the kernel does anything. There where this
/// process may open the other one's descriptors: both of the same user, or with CAP_SYS_PTRACE, in one space of process numbers.
/// </summary>
internal sealed class PeerMemory(int process, int descriptor, PeerMemories all, TimeProvider time) : IRemoteMemory, IDisposable
{
    /// <summary>How often it is seen to: memory of a peer that has ended is there until the last who has mapped it lets go of it.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>It stays mapped for so long after it was last looked at.</summary>
    private static readonly TimeSpan UnusedMax = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private volatile MappedFile? mapped;
    private ITimer? looks;
    private byte[]? identity;
    private long usedAt;
    private bool hasLooked;
    private bool isDisposed;

    /// <summary>Whether it is the memory of who has proved, with this token, that it knows its identity.</summary>
    public bool IsOf(ReadOnlySpan<byte> token, ReadOnlySpan<byte> proof)
    {
        Span<byte> found = stackalloc byte[ISharedMemory.IdentityBytes];
        return TryLook(0, found) && CryptographicOperations.FixedTimeEquals(proof, MemoryOffer.Proof(token, found));
    }

    public bool TryRead(long offset, Span<byte> space)
    {
        if (mapped?.See(offset, space.Length) is > 0 and var pages)
            all.See(pages);
        return TryLook(offset, space);
    }

    public void LetGoOfPages()
    {
        lock (gate)
            mapped?.LetGoOfPages();
    }

    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            LetGo();
        }
    }

    private bool TryLook(long offset, Span<byte> space)
    {
        Volatile.Write(ref hasLooked, true);
        Volatile.Write(ref usedAt, time.GetTimestamp());
        while (Mapped() is { } file)
        {
            try
            {
                return file.TryRead(offset, space);
            }
            catch (ObjectDisposedException)
            {
                // It was let go of just now.
            }
        }

        return false;
    }

    private MappedFile? Mapped()
    {
        if (mapped is { } file)
            return file;
        lock (gate)
        {
            if (mapped != null || isDisposed || MappedFile.TryOpen(process, descriptor) is not { } opened)
                return mapped;
            var found = new byte[ISharedMemory.IdentityBytes];
            identity ??= opened.TryRead(0, found) ? found : null;
            if (!opened.TryRead(0, found) || !found.AsSpan().SequenceEqual(identity))
            {
                opened.Dispose(); // the peer's number is another process's now
                return null;
            }

            looks = time.CreateTimer(static memory => ((PeerMemory)memory!).Look(), this, LookInterval, LookInterval);
            return mapped = opened;
        }
    }

    private void Look()
    {
        lock (gate)
        {
            TimeSpan unused = time.GetElapsedTime(Volatile.Read(ref usedAt));
            if (unused >= UnusedMax || !MappedFile.IsThere(process, descriptor))
                LetGo();
            else if (unused >= LookInterval && Interlocked.Exchange(ref hasLooked, false))
                mapped?.LetGoOfPages();
        }
    }

    private void LetGo()
    {
        looks?.Dispose();
        mapped?.Dispose();
        (looks, mapped) = (null, null);
    }
}
