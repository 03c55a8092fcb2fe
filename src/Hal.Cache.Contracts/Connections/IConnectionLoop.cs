namespace Hal.Cache.Contracts.Connections;

/// <summary>A connection's feature: the event loop whose thread runs it, in turns of all connections that are ready.</summary>
public interface IConnectionLoop
{
    bool IsCurrentThread { get; }

    /// <summary>On the loop's thread: runs the work once every connection that is ready has had its turn.</summary>
    void AtEndOfTurn(ILoopWork work);

    /// <summary>
    /// On the loop's thread, for work that turns out to be long: another thread goes on with the turn, and this one, which is the loop's no more, ends when
    /// it returns to it. Not for work of <see cref="AtEndOfTurn"/> and <see cref="Post"/> that is not done with all that is its loop's own.
    /// </summary>
    void Leave();

    /// <summary>Runs the work on the loop's thread soon; from any thread. One that has ended leaves it to the thread pool.</summary>
    void Post(ILoopWork work);
}
