namespace Hal.Cache.Contracts.Connections;

/// <summary>Who lends bytes, for a moment: to keep them for others is to keep their memory from whoever needs it next.</summary>
public interface ILender
{
    /// <summary>Some are not used any more; on any thread.</summary>
    void Returned(int tag);
}
