using System.Buffers;

namespace Hal.Cache.Contracts.Storage;

/// <summary>
/// A value that lives in memory as a native structure, and in the log as a blob with the changes since. It is used under the lock of its
/// key's shard only, with two exceptions: <see cref="Write"/> and <see cref="Free"/>.
/// </summary>
public interface IObjectValue
{
    /// <summary>Type of the value, not String; the same for as long as the structure lives.</summary>
    BlobType Type { get; }

    /// <summary>Estimate of managed and native memory in bytes, kept current at every change; costs O(1).</summary>
    long MemoryBytes { get; }

    /// <summary>
    /// Whether what <see cref="Write"/> writes, read back, is the same in all that anybody can see, so that the store may keep just those bytes while
    /// nobody uses a small value; costs O(1).
    /// </summary>
    bool IsPackable => false;

    /// <summary>
    /// Writes the whole value in a versioned format that the codec reads back. A big one is written without the lock, beside readers but
    /// never beside a change: so reading must not change the structure unless <see cref="IBlobStore.Reserve"/> has allowed it.
    /// </summary>
    void Write(IBufferWriter<byte> destination);

    /// <summary>Makes a logged change once more, with the same outcome as the first time; false where it makes no sense on this value.</summary>
    bool TryApply(ReadOnlySpan<byte> change);

    /// <summary>Gives back what the collector does not; called once, perhaps without the lock, when nobody will use the value again.</summary>
    void Free()
    {
    }
}
