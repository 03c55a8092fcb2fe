using System.Globalization;
using System.Net.Sockets;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Tree.Tests.Linearizability;

/// <summary>
/// A client of one instance that notes each operation with its call, its return and what it saw. A write whose connection broke, or whose
/// outcome the instance does not know, stays open; one that was refused with TRYAGAIN counts as not done.
/// </summary>
internal sealed class RecordingClient(string where, int port, HistoryLog history, TimeSpan? wait = null) : IDisposable
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(3);

    private RespTestClient? _client;

    /// <summary>False where the instance can't be reached now.</summary>
    public bool Get(string key) => Run(OperationKind.Read, key, 0, "GET", key);

    public bool Set(string key, long value) => Run(OperationKind.Set, key, value, "SET", key, Text(value));

    public bool Increment(string key) => Run(OperationKind.Increment, key, 0, "INCR", key);

    public bool Delete(string key) => Run(OperationKind.Delete, key, 0, "DEL", key);

    public void Dispose() => _client?.Dispose();

    // Most values are small, some have chunks; each says all over which one it is.
    private static string Text(long value)
    {
        var number = value.ToString(CultureInfo.InvariantCulture);
        var repeats = (value % 50) switch { 0 => 30_000, 1 or 2 or 3 => 3_000, _ => 0 };
        return repeats == 0 ? number : number + ":" + string.Concat(Enumerable.Repeat(number + ".", repeats));
    }

    private bool Run(OperationKind kind, string key, long argument, params string[] command)
    {
        try
        {
            _client ??= new RespTestClient(port, wait ?? DefaultWait);
        }
        catch (SocketException)
        {
            return false;
        }

        var invoked = HistoryLog.Now;
        try
        {
            var reply = _client.Command(command);
            var returned = HistoryLog.Now;
            if (!reply.IsError)
            {
                history.Add(where, key, kind, argument, Result(kind, key, reply), invoked, returned);
                return true;
            }

            history.Refused(Kind(reply.Text));
            if (!reply.Text.StartsWith("TRYAGAIN", StringComparison.Ordinal)) Open();
            return true;
        }
        catch (Exception failure) when (failure is SocketException or EndOfStreamException or IOException)
        {
            Open();
            _client.Dispose();
            _client = null;
            return false;
        }

        void Open() => history.Add(where, key, kind, argument, null, invoked, Operation.Never);
    }

    private static long? Result(OperationKind kind, string key, RespTestReply reply)
    {
        if (kind == OperationKind.Increment) return reply.Number;
        if (kind != OperationKind.Read || reply.IsNull) return null;
        var text = reply.Text;
        var value = long.Parse(text.AsSpan(0, text.IndexOf(':', StringComparison.Ordinal) is var end and >= 0 ? end : text.Length), CultureInfo.InvariantCulture);
        if (key.StartsWith("reg", StringComparison.Ordinal) && text != Text(value)) throw new InvalidDataException($"{key}: the value {value} is torn: {reply}");
        return value;
    }

    // The first words say which one it is; what follows names keys and ends of connections.
    private static string Kind(string error) => string.Join(' ', error.Split(' ').Take(error.StartsWith("ERR", StringComparison.Ordinal) ? 3 : 1)).TrimEnd(':');
}
