namespace Hal.Cache.Contracts.Storage;

/// <summary>Type of a stored value; numbers are part of the log's format and never change.</summary>
public enum BlobType : byte
{
    None = 0,
    String = 1,
    List = 2,
    Set = 3,
    SortedSet = 4,
    Hash = 5,
    Stream = 6,
}
