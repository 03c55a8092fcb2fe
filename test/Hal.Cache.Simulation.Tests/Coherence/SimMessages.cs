using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Simulation.Tests.Coherence;

/// <summary>A forwarded command on one key; <paramref name="Request"/> is the same in every repetition.</summary>
internal sealed record WriteRequest(ulong Instance, uint Session, ulong Request, uint Flight, OperationKind Kind, int Key, long Argument);

/// <summary>The reply to a command, beside what coherence says of it; null where the outcome is not known any more.</summary>
internal sealed record WriteReply(ulong Instance, ulong Request, WriteOk? Ok, long? Result);

internal sealed record FetchRequest(long Id, int Key, long Version, int Chunk);

internal sealed record FetchReply(long Id, bool Found, long Value);

/// <summary>A value, or its absence, in one version.</summary>
internal sealed record Stored(long Version, bool Exists, long Value, long Position, long ExpiresAt = long.MaxValue);

/// <summary>The keys' numbers as keys; some have equal hashes where the run is to have them.</summary>
internal sealed class SimKeys(int keysPerHash)
{
    public ObjectKey Of(int key) => new(new KeyId((ulong)(key / keysPerHash) * 0x9E3779B97F4A7C15, 0), BitConverter.GetBytes(key));

    public KeyId IdOf(int key) => Of(key).Id;

    public static int Number(in ObjectKey key) => BitConverter.ToInt32(key.Bytes.Span);
}
