using System.Buffers;

namespace Hal.Cache.Contracts.Storage;

/// <summary>Makes structures from what <see cref="IObjectValue.Write"/> wrote; called without locks, from any thread.</summary>
public interface IObjectCodec
{
    /// <summary>The structure; Corrupt where the bytes are no blob of this type in a version that is known. The bytes are gone after the call.</summary>
    Result<IObjectValue> Read(BlobType type, ReadOnlySequence<byte> blob);

    /// <summary>The same for a small value that is in one piece.</summary>
    Result<IObjectValue> Unpack(BlobType type, ReadOnlySpan<byte> blob) => Read(type, new ReadOnlySequence<byte>(blob.ToArray()));
}
