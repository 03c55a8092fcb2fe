using System.Net.Sockets;
using System.Globalization;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>A connection to each of two servers, given the same commands.</summary>
internal sealed class Pair : IDisposable
{
    private const int BatchCommands = 100;

    /// <summary>Connects to both, empties both, and agrees on the protocol.</summary>
    public Pair(int subjectPort, int modelPort, int protocol)
    {
        Subject = Open(subjectPort, protocol);
        Model = Open(modelPort, protocol);
    }

    public RespTestClient Subject { get; }

    public RespTestClient Model { get; }

    /// <summary>Runs one command on both; null when they agree, otherwise both replies as text.</summary>
    public (string Wanted, string Got)? Run(byte[][] command, Action<RespTestReply>? seen = null)
    {
        foreach (var first in StreamConsumers.Before(command))
        {
            Subject.Command(first);
            Model.Command(first);
        }

        Subject.Send(command);
        Model.Send(command);
        return Compare(command, seen);
    }

    /// <summary>
    /// Runs many commands on both, all sent before the first reply is read; the place of the first that is answered differently, -1 where none is. What
    /// follows it has run nevertheless.
    /// </summary>
    public int Run(IReadOnlyList<byte[][]> commands, Action<byte[][], RespTestReply> seen, out (string Wanted, string Got) answer)
    {
        answer = default;
        using var requests = new MemoryStream();
        var before = new int[commands.Count];
        for (var i = 0; i < commands.Count; i++)
        {
            foreach (var first in StreamConsumers.Before(commands[i]))
            {
                requests.Write(RespTestClient.Encode(first));
                before[i]++;
            }

            requests.Write(RespTestClient.Encode(commands[i]));
        }

        Subject.SendRaw(requests.GetBuffer().AsSpan(0, (int)requests.Length));
        Model.SendRaw(requests.GetBuffer().AsSpan(0, (int)requests.Length));
        var wanted = Replies("redis", commands, before, Model);
        var got = Replies("the subject", commands, before, Subject);
        for (var i = 0; i < commands.Count; i++)
        {
            if (wanted[i].Reply is { } reply) seen(commands[i], reply);
            if (Agree(commands[i], got[i].Reply, got[i].Raw, wanted[i].Reply, wanted[i].Raw)) continue;
            answer = (wanted[i].Reply?.ToString() ?? "closed", got[i].Reply?.ToString() ?? "closed");
            return i;
        }

        return -1;
    }

    /// <summary>Whether the last of these commands is answered differently when all are run on empty servers.</summary>
    public bool LastDiffers(IReadOnlyList<byte[][]> commands)
    {
        for (var start = 0; start < commands.Count; start += BatchCommands)
        {
            var batch = commands.Skip(start).Take(BatchCommands).ToList();
            foreach (var command in batch)
            {
                foreach (var first in StreamConsumers.Before(command))
                {
                    Subject.Send(first);
                    Model.Send(first);
                }

                Subject.Send(command);
                Model.Send(command);
            }

            for (var i = 0; i < batch.Count; i++)
            {
                // Only the last reply counts: the model must not be asked anything else in the middle of a batch.
                var last = start + i == commands.Count - 1;
                foreach (var _ in StreamConsumers.Before(batch[i]))
                {
                    ReceiveOrClosed(Subject, out var _);
                    ReceiveOrClosed(Model, out var _);
                }

                var got = ReceiveOrClosed(Subject, out var gotRaw);
                var wanted = ReceiveOrClosed(Model, out var wantedRaw);
                if (last) return !Agree(batch[i], got, gotRaw, wanted, wantedRaw);
                if (got is null || wanted is null) return false;
            }
        }

        return false;
    }

    public void Dispose()
    {
        Subject.Dispose();
        Model.Dispose();
    }

    private static (RespTestReply? Reply, byte[] Raw)[] Replies(string who, IReadOnlyList<byte[][]> commands, int[] before, RespTestClient client)
    {
        var replies = new (RespTestReply? Reply, byte[] Raw)[commands.Count];
        for (var i = 0; i < replies.Length; i++)
        {
            for (var skipped = 0; skipped < before[i]; skipped++) Answered(who, commands[i], client, out _);
            replies[i].Reply = Answered(who, commands[i], client, out replies[i].Raw);
        }

        return replies;
    }

    private (string Wanted, string Got)? Compare(byte[][] command, Action<RespTestReply>? seen)
    {
        var wanted = Answered("redis", command, Model, out var wantedRaw);
        var got = Answered("the subject", command, Subject, out var gotRaw);
        if (wanted is not null) seen?.Invoke(wanted);
        return Agree(command, got, gotRaw, wanted, wantedRaw) ? null : (wanted?.ToString() ?? "closed", got?.ToString() ?? "closed");
    }

    private bool Agree(byte[][] command, RespTestReply? got, byte[] gotRaw, RespTestReply? wanted, byte[] wantedRaw)
    {
        if (got is null || wanted is null) return got is null && wanted is null;
        return ReplyComparison.Agree(command, got, gotRaw, wanted, wantedRaw, Model) || KnownDifferences.Reason(command, got, wanted) is not null;
    }

    private static RespTestReply? Answered(string who, byte[][] command, RespTestClient client, out byte[] raw)
    {
        try
        {
            return ReceiveOrClosed(client, out raw);
        }
        catch (SocketException silence)
        {
            throw new TimeoutException($"No answer from {who} to: {Difference.Printed(command)}", silence);
        }
    }

    private static RespTestReply? ReceiveOrClosed(RespTestClient client, out byte[] raw)
    {
        try
        {
            return client.Receive(out raw);
        }
        catch (EndOfStreamException)
        {
            raw = [];
            return null;
        }
    }

    private static RespTestClient Open(int port, int protocol)
    {
        var client = new RespTestClient(port);
        client.Command("FLUSHALL");
        client.Command("HELLO", protocol.ToString(CultureInfo.InvariantCulture));
        return client;
    }
}
