using System.Collections.Concurrent;
using System.Diagnostics;
using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Tree.Tests.Linearizability;

/// <summary>What the clients of a real tree did and saw, on one clock; thread-safe.</summary>
internal sealed class HistoryLog
{
    private const int ToldMax = 400;

    private readonly ConcurrentQueue<(Operation Operation, string Where)> _operations = new();
    private readonly ConcurrentDictionary<string, int> _refusals = new();
    private long _lastValue;

    public IEnumerable<Operation> Operations => _operations.Select(o => o.Operation);

    /// <summary>How often each kind of error was answered.</summary>
    public IReadOnlyDictionary<string, int> Refusals => _refusals;

    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>A number that nothing else writes.</summary>
    public long NewValue() => Interlocked.Increment(ref _lastValue);

    public void Add(string where, string key, OperationKind kind, long argument, long? result, long invoked, long returned) =>
        _operations.Enqueue((new Operation(key, kind, argument, result, invoked, returned), where));

    public void Refused(string error) => _refusals.AddOrUpdate(error, 1, (_, count) => count + 1);

    /// <summary>A key whose operations have no linear order with all that is known of it; null where there is none.</summary>
    public string? FindViolation()
    {
        if (LinearizabilityChecker.FindViolation(Operations) is not { } key) return null;
        var start = _operations.Min(o => o.Operation.Invoked);
        var lines = _operations.Where(o => o.Operation.Key == key).OrderBy(o => o.Operation.Invoked)
            .Select(o => $"{o.Where,-7} {o.Operation with { Invoked = Since(o.Operation.Invoked), Returned = o.Operation.Returned == Operation.Never ? Operation.Never : Since(o.Operation.Returned) }}").ToArray();
        return $"{key} is not linearizable; {lines.Length} operations, the last {ToldMax} of them, in microseconds:\n{string.Join('\n', lines.TakeLast(ToldMax))}";

        long Since(long at) => (at - start) / (Stopwatch.Frequency / 1_000_000);
    }
}
