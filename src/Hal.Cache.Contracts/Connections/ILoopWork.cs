namespace Hal.Cache.Contracts.Connections;

/// <summary>What an event loop runs between its turns; it must neither block nor throw.</summary>
public interface ILoopWork
{
    void Run();
}
