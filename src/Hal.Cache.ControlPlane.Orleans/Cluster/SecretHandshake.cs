using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;

namespace Hal.Cache.ControlPlane.Orleans.Cluster;

/// <summary>
/// Lets a connection between members pass only where both ends have the cluster's secret: each sends 32 random bytes and proves with an
/// HMAC-SHA256 over both that it knows it. It keeps strangers out; it does not encrypt.
/// </summary>
internal sealed class SecretHandshake(byte[] secret)
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private const int NonceBytes = 32;
    private const byte Caller = 1;
    private const byte Called = 2;

    private static ReadOnlySpan<byte> Greeting => "HALorl01"u8;

    /// <summary>Guards connections that others open.</summary>
    public void Inbound(IConnectionBuilder connections) => Guard(connections, Called);

    /// <summary>Guards connections that this process opens.</summary>
    public void Outbound(IConnectionBuilder connections) => Guard(connections, Caller);

    private void Guard(IConnectionBuilder connections, byte role) => connections.Use(next => async context =>
    {
        if (!await AgreeAsync(context.Transport, role, context.ConnectionClosed))
        {
            context.Abort(new ConnectionAbortedException($"the member at {context.RemoteEndPoint} does not have this cluster's secret"));
            return;
        }
        await next(context);
    });

    private async Task<bool> AgreeAsync(IDuplexPipe transport, byte role, CancellationToken closed)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(closed);
        limit.CancelAfter(Timeout);
        try
        {
            var own = RandomNumberGenerator.GetBytes(NonceBytes);
            await transport.Output.WriteAsync((byte[])[.. Greeting, .. own], limit.Token);
            var hello = await ReadAsync(transport.Input, Greeting.Length + NonceBytes, limit.Token);
            if (hello is null || !hello.AsSpan(0, Greeting.Length).SequenceEqual(Greeting)) return false;
            var other = hello[Greeting.Length..];
            await transport.Output.WriteAsync(Proof(role, own, other), limit.Token);
            // The two roles differ, so that a proof can't be sent back to who made it.
            var proof = await ReadAsync(transport.Input, HMACSHA256.HashSizeInBytes, limit.Token);
            return proof is not null && CryptographicOperations.FixedTimeEquals(proof, Proof((byte)(Caller + Called - role), other, own));
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private byte[] Proof(byte role, byte[] own, byte[] other) => HMACSHA256.HashData(secret, (byte[])[role, .. own, .. other]);

    private static async Task<byte[]?> ReadAsync(PipeReader input, int count, CancellationToken cancellation)
    {
        var read = await input.ReadAtLeastAsync(count, cancellation);
        if (read.Buffer.Length < count) return null;
        var bytes = read.Buffer.Slice(0, count).ToArray();
        input.AdvanceTo(read.Buffer.GetPosition(count));
        return bytes;
    }
}
