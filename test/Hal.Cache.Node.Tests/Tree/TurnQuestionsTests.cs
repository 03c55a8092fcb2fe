using Hal.Cache.Contracts.Connections;
using Hal.Cache.Node.Tree.Holding;

namespace Hal.Cache.Node.Tests.Tree;

public sealed class TurnQuestionsTests
{
    [Fact]
    public void What_is_missed_in_one_turn_is_asked_for_once_at_its_end()
    {
        var loop = new ManualLoop();
        int asked = 0;
        var questions = new TurnQuestions(loop, () => asked++);

        questions.Expect();
        questions.Expect();
        Assert.Equal(0, asked);
        loop.EndTurn();
        Assert.Equal(1, asked);

        loop.EndTurn();
        Assert.Equal(1, asked);
        questions.Expect();
        loop.EndTurn();
        Assert.Equal(2, asked);
    }

    private sealed class ManualLoop : IConnectionLoop
    {
        private readonly Queue<ILoopWork> atEnd = new();

        public bool IsCurrentThread => true;

        public void AtEndOfTurn(ILoopWork work) => atEnd.Enqueue(work);

        public void Leave() => throw new NotSupportedException();

        public void Post(ILoopWork work) => throw new NotSupportedException();

        public void EndTurn()
        {
            while (atEnd.TryDequeue(out ILoopWork? work)) work.Run();
        }
    }
}
