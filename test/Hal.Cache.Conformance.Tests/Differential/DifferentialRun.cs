using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Gives two servers the same random commands and collects what they answer differently.</summary>
internal sealed class DifferentialRun(int subjectPort, int modelPort, int seed)
{
    private const int CommandsPerPart = 2_000;
    private const int BatchCommands = 100;
    private const int DifferencesMax = 40;
    private const int MinimizeAttemptsMax = 250;
    private const int OneMutationIn = 25;

    private readonly Random _random = new(seed);
    private readonly ArgumentSources _sources = new();
    private readonly Dictionary<string, Difference> _found = new(StringComparer.Ordinal);

    /// <summary>Runs so many commands, RESP2 and RESP3 by turns, and compares the whole keyspace after each 2,000.</summary>
    public IReadOnlyCollection<Difference> Run(int commands)
    {
        for (var start = 0; start < commands && _found.Count < DifferencesMax; start += CommandsPerPart)
            RunPart(start, Math.Min(CommandsPerPart, commands - start), protocol: start / CommandsPerPart % 2 == 0 ? 2 : 3);
        return _found.Values;
    }

    private void RunPart(int start, int count, int protocol)
    {
        var pair = new Pair(subjectPort, modelPort, protocol);
        try
        {
            var history = new List<byte[][]>();
            for (var done = 0; done < count && _found.Count < DifferencesMax; done += BatchCommands)
            {
                byte[][][] batch = [.. Enumerable.Range(0, Math.Min(BatchCommands, count - done)).Select(_ => Next())];
                var differs = pair.Run(batch, Learn, out var answer);
                history.AddRange(differs < 0 ? batch : batch[..(differs + 1)]);
                if (differs < 0) continue;

                // The two no longer hold the same: note it, and go on from empty servers.
                Note(history, answer, protocol, start + done + differs);
                pair.Dispose();
                pair = new Pair(subjectPort, modelPort, protocol);
                history.Clear();
            }

            var lines = KeyspaceComparison.Differences(pair);
            foreach (var line in lines.Take(DifferencesMax))
                _found.TryAdd(line, new Difference("(whole keyspace)", "the same keys", line, History(history), protocol, start + count));
        }
        finally
        {
            pair.Dispose();
        }
    }

    private byte[][] Next()
    {
        var arguments = CommandPicker.Pick(_random).Expand(_random, _sources);
        if (_random.Next(OneMutationIn) == 0) CommandMutation.Apply(arguments, _random);
        return [.. arguments];
    }

    private void Learn(byte[][] command, RespTestReply reply)
    {
        if (reply.Bytes is { } payload && ReplyRules.For(command) == ReplyRule.Payload && !reply.IsError) _sources.AddPayload(payload);
    }

    private void Note(List<byte[][]> history, (string Wanted, string Got) answer, int protocol, int index)
    {
        var command = history[^1];
        var name = Encoding.Latin1.GetString(command[0]).ToUpperInvariant();
        var kind = $"{name} {Kind(answer.Wanted)} {Kind(answer.Got)}";
        if (_found.ContainsKey(kind)) return;

        var before = history[..^1];
        bool Fails(IReadOnlyList<byte[][]> trial)
        {
            using var pair = new Pair(subjectPort, modelPort, protocol);
            return pair.LastDiffers([.. trial, command]);
        }

        var shortest = SequenceMinimizer.Minimize(before, Fails, MinimizeAttemptsMax);
        _found[kind] = new Difference(Difference.Printed(command), answer.Wanted, answer.Got, History(shortest), protocol, index);
    }

    private static string[] History(List<byte[][]> commands) => [.. commands.TakeLast(20).Select(Difference.Printed)];

    // Errors differ by their text, other replies by their type: one example of each is enough.
    private static string Kind(string reply) => reply.StartsWith('-') ? reply[..Math.Min(reply.Length, 40)] : reply[..1];
}
