using Hal.Cache.Node.Tree;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// Which source the control plane's next answer will put first, as far as the last ones tell. To wait for an answer costs every first byte its time, and
/// is worth that while answers differ; it is learned from those that were not waited for as well. Thread-safe: a race costs a wait, or a wrong guess.
/// </summary>
internal sealed class LikelySource
{
    /// <summary>So many answers that say the same as the one before them make the next one known.</summary>
    public const int AnswersMin = 16;

    private string? holder;
    private int wanted = 1; // until somebody differs, instances have most from above

    /// <summary>Whether the next answer need not be waited for.</summary>
    public bool IsKnown => Volatile.Read(ref wanted) <= 0;

    /// <summary>The holder that it will put before the way up; null where that comes first, or nothing is known.</summary>
    public string? Holder => IsKnown ? Volatile.Read(ref holder) : null;

    /// <summary>Notes what an answer puts first.</summary>
    /// <param name="isUp">Whether that is the way up.</param>
    public void Learn(FetchSource first, bool isUp)
    {
        string? put = isUp ? null : first.Name;
        if (first.Shares || put != Volatile.Read(ref holder))
        {
            Volatile.Write(ref holder, first.Shares ? null : put);
            Volatile.Write(ref wanted, AnswersMin);
        }
        else if (!IsKnown)
        {
            Interlocked.Decrement(ref wanted);
        }
    }

    /// <summary>The holder that was guessed did not have it.</summary>
    public void Missed() => Volatile.Write(ref wanted, AnswersMin);
}
