namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>Takes the objects of a scan.</summary>
public interface IContentSink
{
    /// <summary>One object; the key is valid during the call only.</summary>
    void Tell(ReadOnlySpan<byte> key, int database, long sizeBytes, long version);
}
