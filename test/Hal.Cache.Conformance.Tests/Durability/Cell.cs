using System.Globalization;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Durability;

/// <summary>Three keys that one connection changes, with all states that they may be in: the last acknowledged one and each unacknowledged after it.</summary>
/// <remarks>A state is text: for each key its value's name, a mark when it expires, or "-" when it is not there. Thread-safe.</remarks>
internal sealed class Cell(string name)
{
    private const int Keys = 3;
    private const int LargeBytesMax = 300 * 1024;
    private const string Expires = "!";
    private const string Absent = "-";

    private readonly Lock _lock = new();
    private readonly Queue<string[]> _states = new([[Absent, Absent, Absent]]);
    private string[] _newest = [Absent, Absent, Absent];

    /// <summary>A random change: the command, and the state that it leads to is remembered as not yet acknowledged.</summary>
    public byte[][] Next(Random random)
    {
        var state = (string[])_newest.Clone();
        var command = Change(random, state);
        lock (_lock)
        {
            _states.Enqueue(state);
            _newest = state;
        }

        return command;
    }

    /// <summary>The oldest unacknowledged change was acknowledged: the state before it is no longer allowed.</summary>
    public void Acknowledged()
    {
        lock (_lock) _states.Dequeue();
    }

    /// <summary>Null when the server holds one of the allowed states, otherwise what is wrong; what it holds is then the only state.</summary>
    public string? Verify(RespTestClient client)
    {
        var held = Enumerable.Range(0, Keys).Select(key => Read(client, Key(key))).ToArray();
        lock (_lock)
        {
            var allowed = _states.Any(state => state.SequenceEqual(held));
            var message = allowed ? null : $"{name} holds [{Printed(held)}], acknowledged was [{Printed(_states.Peek())}], {_states.Count - 1} changes were under way, the last to [{Printed(_newest)}]";
            _states.Clear();
            _states.Enqueue(held);
            _newest = held;
            return message;
        }
    }

    private byte[][] Change(Random random, string[] state)
    {
        switch (random.Next(16))
        {
            case 0:
                state[0] = Absent;
                return RespTestClient.Bytes("DEL", Key(0));
            case 1 when state[0] != Absent:
                if (!state[0].EndsWith(Expires, StringComparison.Ordinal)) state[0] += Expires;
                return RespTestClient.Bytes("EXPIRE", Key(0), "100000");
            case 2 when state[0] != Absent:
                state[0] = state[0].TrimEnd(Expires[0]);
                return RespTestClient.Bytes("PERSIST", Key(0));
            case 3 or 4 when state[0] != Absent:
                (state[0], state[1]) = (Absent, state[0]);
                return RespTestClient.Bytes("RENAME", Key(0), Key(1));
            case 5 or 6:
                return MultiSet(random, state);
            case 7 or 8 or 9:
                return Increment(random, state);
            default:
                var key = random.Next(2);
                return [.. RespTestClient.Bytes("SET", Key(key)), Value(random, out state[key])];
        }
    }

    // The third key is a counter, and after an MSET a counter again: its values are short numbers.
    private byte[][] Increment(Random random, string[] state)
    {
        var by = random.Next(1, 1000);
        var old = state[2] == Absent ? 0 : long.Parse(state[2], CultureInfo.InvariantCulture);
        state[2] = (old + by).ToString(CultureInfo.InvariantCulture);
        return RespTestClient.Bytes("INCRBY", Key(2), by.ToString(CultureInfo.InvariantCulture));
    }

    private byte[][] MultiSet(Random random, string[] state)
    {
        var first = Value(random, out state[0]);
        var second = Value(random, out state[1]);
        state[2] = random.Next(1000).ToString(CultureInfo.InvariantCulture);
        return
        [
            .. RespTestClient.Bytes("MSET", Key(0)), first, .. RespTestClient.Bytes(Key(1)), second, .. RespTestClient.Bytes(Key(2), state[2]),
        ];
    }

    private static byte[] Value(Random random, out string state)
    {
        var length = random.Next(20) == 0 ? random.Next(KillValue.BytesMin, LargeBytesMax) : random.Next(KillValue.BytesMin, 2000);
        var seed = random.Next();
        state = KillValue.Name(seed, length);
        return KillValue.Make(seed, length);
    }

    private static string Read(RespTestClient client, string key)
    {
        var reply = client.Command("GET", key);
        if (reply.IsError) return reply.ToString();
        if (reply.IsNull) return Absent;
        return KillValue.Name(reply.Bytes) + (client.Command("PTTL", key).Number > 0 ? Expires : "");
    }

    private string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"{name}:{number}");

    private static string Printed(string[] state) => string.Join(" | ", state);
}
