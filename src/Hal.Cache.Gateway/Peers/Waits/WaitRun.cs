using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Server;

namespace Hal.Cache.Gateway.Peers.Waits;

/// <summary>One command that runs here for another instance's client, as on a connection of its own: what comes in is the command, what goes out are pieces.</summary>
internal sealed class WaitRun(ServerState server, IFrameChannel channel, long request) : IDisposable
{
    private readonly CancellationTokenSource ended = new();
    private readonly SemaphoreSlim taken = new(1, 1);

    /// <summary>Runs the command to its end, or until <see cref="Cancel"/>.</summary>
    public async Task RunAsync(CommandDispatcher dispatcher, byte[] command)
    {
        var peer = new PeerSession(new PeerChallenge(channel.Peer, "", default, default, default));
        peer.Prove(PeerChannelKind.Commands);
        var client = new ClientSession(server.Clients.NextId(), channel.Peer, "", server.Time.GetUtcNow(), Cancel, server.Table.All.Count)
        {
            Limits = server.OutputLimits, PeerClosed = ended.Token, User = AclUser.Internal, IsAuthenticated = true, Peer = peer,
        };
        var pieces = PipeWriter.Create(new Pieces(this), new StreamPipeWriterOptions(minimumBufferSize: 256));
        var pipe = new Ends(PipeReader.Create(new ReadOnlySequence<byte>(command)), pieces);
        try
        {
            using var connection = new RespConnection(server, dispatcher, client, pipe, loop: null, commits: null, ended.Token);
            await connection.RunAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has left, or its instance has.
        }
        finally
        {
            server.Ended(client);
        }
    }

    /// <summary>The client has left: the command must not be served any more.</summary>
    public void Cancel()
    {
        try
        {
            ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself meanwhile.
        }
    }

    /// <summary>The client has taken the last piece.</summary>
    public void Taken()
    {
        try
        {
            taken.Release();
        }
        catch (Exception e) when (e is ObjectDisposedException or SemaphoreFullException)
        {
            // It has ended by itself meanwhile, or is told twice.
        }
    }

    public void Dispose()
    {
        ended.Dispose();
        taken.Dispose();
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (!bytes.IsEmpty)
        {
            await taken.WaitAsync(cancellation).ConfigureAwait(false);
            int length = Math.Min(bytes.Length, GatewayLimits.SharedPieceBytes);
            byte[] frame = ArrayPool<byte>.Shared.Rent(WaitFrame.HeaderBytes + length);
            WaitFrame.Of(WaitFrame.Kind.Piece, request).CopyTo(frame, 0);
            bytes.Span[..length].CopyTo(frame.AsSpan(WaitFrame.HeaderBytes));
            bool isSent = channel.TrySend(frame.AsSpan(0, WaitFrame.HeaderBytes + length));
            ArrayPool<byte>.Shared.Return(frame);
            if (!isSent)
                throw new IOException("the instance is gone");
            bytes = bytes[length..];
        }
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>What the connection writes goes out as frames.</summary>
    private sealed class Pieces(WaitRun run) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => run.SendAsync(buffer, cancellationToken);

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
