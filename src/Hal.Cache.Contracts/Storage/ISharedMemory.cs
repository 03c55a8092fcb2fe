namespace Hal.Cache.Contracts.Storage;

/// <summary>Memory of a store that other processes of this machine may map, as /proc/PROCESS/fd/<see cref="Descriptor"/>; its size never changes.</summary>
public interface ISharedMemory
{
    /// <summary>Bytes of <see cref="Identity"/>.</summary>
    const int IdentityBytes = 32;

    /// <summary>This process's descriptor of the memory's file.</summary>
    int Descriptor { get; }

    /// <summary>Random bytes, which the memory begins with: who finds them has mapped this one.</summary>
    ReadOnlyMemory<byte> Identity { get; }
}
