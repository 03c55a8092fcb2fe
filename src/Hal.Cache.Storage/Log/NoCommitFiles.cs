using FASTER.core;

namespace Hal.Cache.Storage.Log;

/// <summary>
/// FasterLog's commit metadata, kept nowhere: records are checksummed and the mark says where to look, so a commit is one sync of the
/// data instead of two.
/// </summary>
internal sealed class NoCommitFiles : ILogCommitManager
{
    public void Commit(long beginAddress, long untilAddress, byte[] commitMetadata, long commitNum, bool forceWriteMetadata)
    {
    }

    public byte[]? GetCommitMetadata(long commitNum) => null;

    public IEnumerable<long> ListCommits() => [];

    public void RemoveCommit(long commitNum)
    {
    }

    public void RemoveAllCommits()
    {
    }

    public void OnRecovery(long commitNum)
    {
    }

    public void Dispose()
    {
    }
}
