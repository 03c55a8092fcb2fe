namespace Hal.Cache.Node.Streams;

/// <summary>Fields and values of an entry to be added, in turns.</summary>
public interface IStreamFields
{
    /// <summary>Number of fields and values together.</summary>
    int Count { get; }

    ReadOnlySpan<byte> this[int index] { get; }
}
