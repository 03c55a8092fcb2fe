using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>
/// Many clients that ask for one object at the same time, served by one thread, a small piece of each in turn: with a thread for each, the
/// machine's scheduler and not the server would say when the last one sees its first byte.
/// </summary>
internal static class Crowd
{
    private const int PieceBytes = 64 << 10;
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(120);

    /// <summary>The worst first byte, and the time until all had everything; <see cref="BenchmarkException"/> where one did not.</summary>
    public static BodyTimes Read(IReadOnlyList<IPEndPoint> servers, Wire wire, string name, int clients)
    {
        var members = new List<Member>();
        try
        {
            for (var i = 0; i < clients; i++)
                members.Add(new Member(servers[i % servers.Count], wire));
            var request = wire.Request(name);
            var started = Stopwatch.GetTimestamp();
            foreach (var member in members)
                member.Socket.Send(request);
            var open = members.ToDictionary(member => member.Socket);
            var ready = new List<Socket>();
            while (open.Count > 0)
            {
                var left = TimeMax - Stopwatch.GetElapsedTime(started);
                ready.Clear();
                ready.AddRange(open.Keys);
                if (left > TimeSpan.Zero)
                    Socket.Select(ready, null, null, left);
                if (left <= TimeSpan.Zero || ready.Count == 0)
                    throw new BenchmarkException($"{open.Count} of {clients} clients had not all of {name} within {TimeMax.TotalSeconds:0} s");
                foreach (var socket in ready)
                {
                    if (open[socket].Receive(started, name))
                        open.Remove(socket);
                }
            }

            return new BodyTimes(members.Max(member => member.FirstByte!.Value), Stopwatch.GetElapsedTime(started), members.Sum(member => member.Wanted), members.Sum(member => member.Wanted));
        }
        finally
        {
            foreach (var member in members)
                member.Socket.Dispose();
        }
    }

    private sealed class Member
    {
        private readonly byte[] buffer = new byte[PieceBytes];
        private readonly Wire wire;
        private int headReceived;
        private long left = -1;

        public Member(IPEndPoint server, Wire wire)
        {
            this.wire = wire;
            Socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            Socket.Connect(server);
        }

        public Socket Socket { get; }

        public TimeSpan? FirstByte { get; private set; }

        public long Wanted { get; private set; }

        /// <summary>Takes one piece; true when that was the last.</summary>
        public bool Receive(long started, string name)
        {
            var count = Socket.Receive(buffer.AsSpan(headReceived));
            if (count == 0)
                throw new BenchmarkException($"the server closed a connection with {Math.Max(left, 0)} bytes of {name} to come");
            if (left < 0)
            {
                headReceived += count;
                if (!wire.TryHead(buffer.AsSpan(0, headReceived), out var head, out var body, out var tail))
                    return false;
                Wanted = body;
                left = body + tail;
                count = headReceived - head;
                headReceived = 0;
            }

            if (count > 0)
                FirstByte ??= Stopwatch.GetElapsedTime(started);
            left -= count;
            return left == 0;
        }
    }
}
