using System.Globalization;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Limits;

/// <summary>One connection that writes values from 16 B to 64 MB until a number of bytes is sent, and reads some of them back.</summary>
internal sealed class Soak(int number, int seed)
{
    private const int PipelineDepth = 32;
    private const int KeptKeysMax = 4096;

    // Each class brings bytes of a like order, so that small values come often and large ones are there at all.
    private static readonly (int Count, int BytesMin, int BytesMax)[] Classes =
    [
        (2000, 16, 512), (400, 512, 16 << 10), (60, 16 << 10, 512 << 10), (6, 512 << 10, 8 << 20), (1, 8 << 20, 64 << 20),
    ];

    private readonly Random _random = new(unchecked((seed * 31) + number));
    private readonly Dictionary<string, PatternValue> _written = [];
    private readonly List<string> _order = [];
    private int _keys;

    /// <summary>Writes that were refused with -OOM.</summary>
    public int Refused { get; private set; }

    public int Written { get; private set; }

    public int ReadBack { get; private set; }

    public int Missing { get; private set; }

    /// <summary>Writes about so many bytes; throws when a reply is neither OK nor -OOM, or when a value reads back wrong.</summary>
    public void Run(int port, long bytes)
    {
        using var client = new RespTestClient(port, TimeSpan.FromSeconds(60));
        for (long sent = 0; sent < bytes;)
        {
            foreach (var (count, least, most) in Classes)
            {
                for (var left = count; left > 0 && sent < bytes;)
                {
                    var batch = Enumerable.Range(0, Math.Min(left, least >= 512 << 10 ? 1 : PipelineDepth)).Select(_ => Value(least, most)).ToList();
                    Write(client, batch);
                    left -= batch.Count;
                    sent += batch.Sum(value => value.Bytes);
                }

                ReadSome(client);
            }
        }
    }

    /// <summary>Reads every acknowledged value that is still remembered; returns how many are missing.</summary>
    public int MissingNow(int port)
    {
        using var client = new RespTestClient(port, TimeSpan.FromSeconds(60));
        return _written.Count(one => !one.Value.Get(client, one.Key));
    }

    private PatternValue Value(int least, int most) => new(_random.Next(), _random.Next(least, most));

    private void Write(RespTestClient client, List<PatternValue> values)
    {
        var keys = values.Select(_ => Key()).ToList();
        for (var i = 0; i < values.Count; i++) values[i].SendSet(client, keys[i]);
        for (var i = 0; i < values.Count; i++)
        {
            var reply = client.Receive();
            if (reply.Text == "OK")
            {
                Written++;
                if (_written.TryAdd(keys[i], values[i])) _order.Add(keys[i]);
                else _written[keys[i]] = values[i];
            }
            else if (reply.Text.StartsWith("OOM ", StringComparison.Ordinal))
            {
                Refused++;
            }
            else
            {
                throw new InvalidOperationException($"SET of {values[i].Bytes} bytes was answered {reply}.");
            }
        }
    }

    // One key in eight is written again: superseded records must be reclaimed, too.
    private string Key()
    {
        if (_order.Count > 0 && _random.Next(8) == 0) return _order[_random.Next(_order.Count)];
        if (_order.Count == KeptKeysMax)
        {
            var forgotten = _random.Next(KeptKeysMax);
            _written.Remove(_order[forgotten]);
            _order[forgotten] = _order[^1];
            _order.RemoveAt(_order.Count - 1);
        }

        return string.Create(CultureInfo.InvariantCulture, $"soak:{number}:{_keys++}");
    }

    private void ReadSome(RespTestClient client)
    {
        for (var times = 0; times < 10 && _order.Count > 0; times++)
        {
            var key = _order[_random.Next(_order.Count)];
            if (_written[key].Get(client, key)) ReadBack++;
            else Missing++;
        }
    }
}
