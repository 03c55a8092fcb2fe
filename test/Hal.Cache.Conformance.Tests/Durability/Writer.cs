using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Durability;

/// <summary>One connection that changes its cells with a pipeline of some depth until the server is gone.</summary>
internal sealed class Writer
{
    private const int Cells = 6;

    private readonly Cell[] _cells;
    private readonly Random _random;

    public Writer(int number, int seed)
    {
        _random = new Random(HashCode(seed, number));
        _cells = [.. Enumerable.Range(0, Cells).Select(cell => new Cell(string.Create(CultureInfo.InvariantCulture, $"w{number}:c{cell}")))];
    }

    /// <summary>What was wrong in this connection's replies or keys; empty when nothing was.</summary>
    public ConcurrentQueue<string> Problems { get; } = new();

    /// <summary>Writes until the connection breaks or <paramref name="enough"/> says so; calls <paramref name="acknowledged"/> for each reply.</summary>
    public void Run(int port, int depth, Action acknowledged, Func<bool> enough)
    {
        var pending = new Queue<Cell>();
        try
        {
            using var client = new RespTestClient(port);
            while (!enough() || pending.Count > 0)
            {
                while (pending.Count < depth && !enough())
                {
                    var cell = _cells[_random.Next(Cells)];
                    var command = cell.Next(_random);
                    pending.Enqueue(cell);
                    client.Send(command);
                }

                if (pending.Count == 0) return;
                var reply = client.Receive();
                if (reply.IsError) Problems.Enqueue($"A write was answered {reply}.");
                pending.Dequeue().Acknowledged();
                acknowledged();
            }
        }
        catch (Exception error) when (error is SocketException or EndOfStreamException)
        {
            // The server was killed: what is pending may have happened or not.
        }
    }

    /// <summary>Compares what the server holds with what it acknowledged.</summary>
    public IEnumerable<string> Verify(RespTestClient client) => _cells.Select(cell => cell.Verify(client)).OfType<string>().ToList();

    // System.HashCode is seeded by process; a replay needs the same numbers.
    private static int HashCode(int seed, int number) => unchecked((seed * 31) + number);
}
