using System.Runtime.InteropServices;

namespace Hal.Cache.Transport;

/// <summary>The system calls of the transport; see epoll(7), recv(2), send(2), eventfd(2).</summary>
internal static unsafe partial class Epoll
{
    public const uint In = 1;
    public const uint Out = 4;
    public const uint Error = 8;
    public const uint HangUp = 0x10;
    public const uint PeerClosed = 0x2000;
    public const uint EdgeTriggered = 1u << 31;

    public const int Again = 11;
    public const int Interrupted = 4;

    private const int Add = 1;
    private const int Delete = 2;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;

    public static int Create() => Check(epoll_create1(CloseOnExec));

    public static int CreateWaker() => Check(eventfd(0, CloseOnExec | NonBlocking));

    /// <summary>False with the error in errno.</summary>
    public static bool TryWatch(int epoll, int file, uint events, ulong tag)
    {
        var what = new EpollEvent { Events = events, Tag = tag };
        return epoll_ctl(epoll, Add, file, &what) == 0;
    }

    public static void Unwatch(int epoll, int file) => _ = epoll_ctl(epoll, Delete, file, null);

    /// <summary>Waits without a limit; the number of events, 0 where a signal came first.</summary>
    public static int Wait(int epoll, Span<EpollEvent> events, int timeoutMilliseconds)
    {
        fixed (EpollEvent* first = events)
        {
            int count = epoll_wait(epoll, first, events.Length, timeoutMilliseconds);
            return count >= 0 ? count : Marshal.GetLastPInvokeError() == Interrupted ? 0 : Check(count);
        }
    }

    public static int Receive(int socket, Span<byte> buffer)
    {
        fixed (byte* first = buffer)
            return (int)recv(socket, first, (nuint)buffer.Length, DontWait);
    }

    public static int Send(int socket, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* first = buffer)
            return (int)send(socket, first, (nuint)buffer.Length, DontWait | NoSignal);
    }

    /// <summary>Sends what the vectors point at, in their order, as far as the socket takes it.</summary>
    public static int Send(int socket, ReadOnlySpan<IoVector> vectors)
    {
        fixed (IoVector* first = vectors)
        {
            var message = new MessageHeader { Vectors = first, VectorCount = (nuint)vectors.Length };
            return (int)sendmsg(socket, &message, DontWait | NoSignal);
        }
    }

    public static void Wake(int waker)
    {
        ulong one = 1;
        _ = write(waker, &one, sizeof(ulong)); // a full counter has woken it already
    }

    public static void Drain(int waker)
    {
        ulong count;
        _ = read(waker, &count, sizeof(ulong));
    }

    public static void Close(int file) => _ = close(file);

    private static int Check(int result) => result >= 0 ? result : throw new IOException(Marshal.GetLastPInvokeErrorMessage());

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int file, EpollEvent* what);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_wait(int epoll, EpollEvent* events, int max, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int file, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int file, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int file);

    /// <summary>The kernel's <c>struct iovec</c>: bytes that must stay where they are during the call.</summary>
    public struct IoVector
    {
        public byte* Start;
        public nuint Length;
    }

    // struct msghdr on 64-bit Linux; what is not set means: no address, no control data.
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public ulong NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public ulong Flags;
    }
}
