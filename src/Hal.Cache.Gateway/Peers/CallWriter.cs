using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Commands;
using Hal.Cache.Gateway.Transactions;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Peers;

/// <summary>Writes commands for an authority; throws <see cref="IOException"/> where it reads no more.</summary>
internal static class CallWriter
{
    /// <summary>Whether an exception says that the connection is of no use any more.</summary>
    public static bool IsBreak(Exception e) => e is IOException or ObjectDisposedException or RespProtocolException;

    /// <summary>Sends the context's command.</summary>
    public static async ValueTask SendAsync(CommandContext context, PipeWriter output, ForwardedCall call)
    {
        WriteCall(context, output, call);
        Write(output, $"*{context.Count}\r\n");
        for (int arg = 0; arg < context.Count; arg++)
        {
            if (arg == 1 && context.Cursor is { } cursor)
            {
                string digits = cursor.ToString(CultureInfo.InvariantCulture);
                Write(output, $"${digits.Length}\r\n{digits}\r\n");
                continue;
            }

            Write(output, $"${context.ArgLength(arg)}\r\n");
            if (context.LargeArg(arg) is { } large)
                await SendAsync(large, output, context.Cancellation).ConfigureAwait(false);
            else
                output.Write(context.Arg(arg));
            output.Write("\r\n"u8);
            if (output.UnflushedBytes >= GatewayLimits.FlushBytes)
                await FlushAsync(output, context.Cancellation).ConfigureAwait(false);
        }

        await FlushAsync(output, context.Cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes the context's command, which has no streamed arguments.</summary>
    public static void Write(CommandContext context, IBufferWriter<byte> output, ForwardedCall call)
    {
        WriteCall(context, output, call);
        WriteRequest(context, output);
    }

    /// <summary>The same without what tells whose it is.</summary>
    public static void WriteRequest(CommandContext context, IBufferWriter<byte> output)
    {
        Write(output, $"*{context.Count}\r\n");
        for (int arg = 0; arg < context.Count; arg++)
        {
            Write(output, $"${context.ArgLength(arg)}\r\n");
            output.Write(context.Arg(arg));
            output.Write("\r\n"u8);
        }
    }

    /// <summary>Writes a command of Latin-1 text.</summary>
    public static void Write(string[] arguments, IBufferWriter<byte> output)
    {
        Write(output, $"*{arguments.Length}\r\n");
        foreach (string argument in arguments)
        {
            Write(output, $"${argument.Length}\r\n");
            output.Write(Encoding.Latin1.GetBytes(argument));
            output.Write("\r\n"u8);
        }
    }

    /// <summary>Sends a transaction whole, from MULTI to EXEC, but for what runs here or is denied, and tells how many commands that were.</summary>
    public static async ValueTask<int> SendAsync(
        CommandContext context, ClientTransaction transaction, HashSet<QueuedCommand> denied, ICommandLink link, ForwardedCall call)
    {
        PipeWriter output = link.Pipe.Output;
        WriteCall(context, output, default);
        output.Write("*1\r\n$5\r\nMULTI\r\n"u8);
        var parser = new RespRequestParser();
        int commands = 0;
        foreach (QueuedCommand queued in transaction.Queue)
        {
            if (CommandRouting.RunsHere(queued.Spec) || denied.Contains(queued))
                continue;
            commands++;

            // Its streamed arguments were taken out of the request: they go back in where they were.
            int sent = 0, large = 0;
            while (parser.Parse(queued.Request) == ParseResult.LargeArgument)
            {
                output.Write(queued.Request.AsSpan(sent, parser.Consumed - sent));
                sent = parser.Consumed;
                await SendAsync(queued.Larges[large++], output, context.Cancellation).ConfigureAwait(false);
                output.Write("\r\n"u8);
                parser.LargeTaken();
            }

            parser.Reset();
            output.Write(queued.Request.AsSpan(sent));
            await FlushAsync(output, context.Cancellation).ConfigureAwait(false);
        }

        WriteTrace(link);
        WriteCall(context, output, call);
        output.Write("*1\r\n$4\r\nEXEC\r\n"u8);
        await FlushAsync(output, context.Cancellation).ConfigureAwait(false);
        return commands;
    }

    /// <summary>Tells which span waits for the next command, where there is one and the other end takes it.</summary>
    public static void WriteTrace(ICommandLink link)
    {
        ActivityContext trace = link.Trace();
        if (trace.TraceId == default)
            return;
        PipeWriter output = link.Pipe.Output;
        Write(output, $"*3\r\n$8\r\nHAL.PEER\r\n$5\r\nTRACE\r\n${TraceFrame.Bytes}\r\n");
        TraceFrame.Write(trace, output.GetSpan(TraceFrame.Bytes));
        output.Advance(TraceFrame.Bytes);
        output.Write("\r\n"u8);
    }

    public static void Write(IBufferWriter<byte> output, FormattableString text) =>
        output.Write(Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture)));

    public static async ValueTask FlushAsync(PipeWriter output, CancellationToken cancellation)
    {
        FlushResult flushed = await output.FlushAsync(cancellation).ConfigureAwait(false);
        if (flushed.IsCompleted)
            throw new IOException("the peer reads no more");
    }

    private static async ValueTask SendAsync(ILargeValue value, PipeWriter output, CancellationToken cancellation)
    {
        for (long done = 0; done < value.Length;)
        {
            Memory<byte> piece = output.GetMemory(IBlobStore.ChunkBytes);
            Result<int> read = await value.ReadAsync(done, piece[..(int)Math.Min(piece.Length, value.Length - done)], cancellation).ConfigureAwait(false);
            if (!read.IsOk)
                throw new IOException(read.Error.Message);
            output.Advance(read.Value);
            done += read.Value;
            await FlushAsync(output, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Tells whose the next command is.</summary>
    public static void WriteCall(CommandContext context, IBufferWriter<byte> output, ForwardedCall call)
    {
        bool isLong = call.Instance != 0 || call.Writer.IsSet || call.WantsLines || call.DeniesMemory || call.DeniesWrites;
        AclUser user = context.Client.User;
        Write(output, $"*{(isLong ? 12 : 8) + (user.IsUnrestricted ? 0 : 2)}\r\n");
        output.Write("$8\r\nHAL.PEER\r\n$4\r\nCALL\r\n"u8);
        Span<byte> digits = stackalloc byte[RedisInteger.BytesMax];
        long tracking = (call.Tracks ? PeerCommands.Tracks : 0) | (call.WantsOwn ? PeerCommands.WantsOwn : 0) | (call.WantsLines ? PeerCommands.WantsLines : 0)
            | (call.DeniesMemory ? PeerCommands.DeniesMemory : 0) | (call.DeniesWrites ? PeerCommands.DeniesWrites : 0);
        ReadOnlySpan<long> numbers =
        [
            context.Client.Database, context.Client.Protocol, call.Caller, call.Request, call.Attempt, call.Epoch,
            (long)(call.Writer.IsSet ? call.Writer.Instance : call.Instance), call.Writer.Session, call.Writer.Flight, tracking,
        ];
        foreach (long number in isLong ? numbers : numbers[..6])
        {
            int length = RedisInteger.Format(number, digits);
            Write(output, $"${length}\r\n");
            output.Write(digits[..length]);
            output.Write("\r\n"u8);
        }

        // What the command does inside, as a script, may do no more than its user.
        if (user.IsUnrestricted)
            return;
        foreach (string text in (ReadOnlySpan<string>)[user.Name, user.Rules.DescribePermissions()])
        {
            Write(output, $"${text.Length}\r\n");
            output.Write(Encoding.Latin1.GetBytes(text));
            output.Write("\r\n"u8);
        }
    }
}
