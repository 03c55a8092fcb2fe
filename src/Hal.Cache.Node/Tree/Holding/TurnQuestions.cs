using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>
/// Has what the clients of one event loop miss in one of its turns asked for together, when all of them have had their turn. Touched on the loop's
/// thread alone.
/// </summary>
internal sealed class TurnQuestions(IConnectionLoop loop, Action ask) : ILoopWork
{
    private bool isExpected;

    public IConnectionLoop Loop => loop;

    /// <summary>Something is to be asked at the end of the turn.</summary>
    public void Expect()
    {
        if (isExpected)
            return;
        isExpected = true;
        loop.AtEndOfTurn(this);
    }

    public void Run()
    {
        isExpected = false;
        ask();
    }
}
