using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Hal.Cache.Client.Caching;

/// <summary>One connection that many callers share: commands go out in turn, replies come back in their order. Broken once, it stays so.</summary>
internal sealed class RespLink : IAsyncDisposable
{
    /// <summary>Callers that wait for replies at once; further ones wait to be sent.</summary>
    public const int PendingMax = 4096;

    private readonly Channel<Pending> pending = Channel.CreateBounded<Pending>(new BoundedChannelOptions(PendingMax) { SingleReader = true });
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Socket socket;
    private readonly NetworkStream stream;
    private readonly CancellationTokenSource ended = new();
    private readonly Task reading;

    private RespLink(Socket socket, HalCacheOptions options)
    {
        this.socket = socket;
        stream = new NetworkStream(socket, ownsSocket: true);
        reading = ReadAsync(new RespReplies(PipeReader.Create(stream), options.ValueBytesMax));
    }

    public bool IsBroken => ended.IsCancellationRequested;

    /// <summary>Connects and logs in; throws <see cref="IOException"/>, <see cref="SocketException"/> or <see cref="TimeoutException"/>.</summary>
    public static async Task<RespLink> ConnectAsync(HalCacheOptions options, TimeProvider time, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(options.ConnectTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        RespLink? link = null;
        try
        {
            await socket.ConnectAsync(options.Host, options.Port, limit.Token);
            link = new RespLink(socket, options);
            if (options.Password is not { } password) return link;
            var login = options.User is { } user
                ? new RespCommands().Add("AUTH", RespCommands.Text(user), RespCommands.Text(password))
                : new RespCommands().Add("AUTH", RespCommands.Text(password));
            var answer = await link.SendAsync(login, limit.Token);
            return answer[0].IsError ? throw new IOException($"{options.Host}:{options.Port} refused the password: {answer[0].Text}") : link;
        }
        catch (Exception failure)
        {
            if (link is null) socket.Dispose();
            else await link.DisposeAsync();
            if (failure is OperationCanceledException && !cancellation.IsCancellationRequested)
                throw new TimeoutException($"{options.Host}:{options.Port} did not answer within {options.ConnectTimeout.TotalSeconds} s", failure);
            throw;
        }
    }

    /// <summary>The replies of all commands, in order. Cancelled while it waits, the link goes on and the replies are thrown away.</summary>
    public async Task<RespValue[]> SendAsync(RespCommands commands, CancellationToken cancellation)
    {
        var call = new Pending(commands.Count);
        await turn.WaitAsync(cancellation);
        try
        {
            if (IsBroken) throw new IOException("the connection is broken");
            await pending.Writer.WriteAsync(call, cancellation);
            // Once begun it is written whole, or nobody would know where the next command begins.
            await stream.WriteAsync(commands.Bytes, ended.Token);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or ChannelClosedException && IsBroken)
        {
            throw new IOException("the connection is broken", failure);
        }
        catch (IOException)
        {
            Break();
            throw;
        }
        finally
        {
            turn.Release();
        }
        return await call.Replies.Task.WaitAsync(cancellation);
    }

    /// <summary>Ends the link; callers that wait get an <see cref="IOException"/>.</summary>
    public void Break()
    {
        if (!ended.IsCancellationRequested) ended.Cancel();
        socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Break();
        await reading;
        await stream.DisposeAsync();
    }

    private async Task ReadAsync(RespReplies replies)
    {
        Exception why;
        try
        {
            while (true)
            {
                var call = await pending.Reader.ReadAsync(ended.Token);
                try
                {
                    for (var i = 0; i < call.Values.Length; i++) call.Values[i] = await replies.ReadAsync(ended.Token);
                    call.Replies.TrySetResult(call.Values);
                }
                catch (Exception failure)
                {
                    Break(); // first: who is told tries again, and must not find this link whole
                    call.Fail(failure);
                    throw;
                }
            }
        }
        catch (Exception failure)
        {
            why = failure; // whatever it is, those who wait are told
        }
        Break();
        pending.Writer.TryComplete();
        while (pending.Reader.TryRead(out var left)) left.Fail(why);
    }

    private sealed record Pending(int Count)
    {
        public RespValue[] Values { get; } = new RespValue[Count];

        public TaskCompletionSource<RespValue[]> Replies { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Fail(Exception why)
        {
            // Seen here, since a caller that was cancelled no longer looks.
            if (Replies.TrySetException(new IOException($"the connection broke: {why.Message}", why))) _ = Replies.Task.Exception;
        }
    }
}
