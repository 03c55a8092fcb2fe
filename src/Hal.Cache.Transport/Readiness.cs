namespace Hal.Cache.Transport;

/// <summary>
/// Whether one direction of a socket may be tried again, told by the event loop, and whether somebody waits for that. An edge that comes
/// while nobody waits is kept, so that none is lost between a call that found nothing and the wait for more.
/// </summary>
internal struct Readiness
{
    private const int Nothing = 0;
    private const int Waiting = 1;
    private const int Signalled = 2;

    private int state;

    public readonly bool IsAwaited => Volatile.Read(in state) == Waiting;

    /// <summary>Begins to wait; false where an edge came meanwhile, and the call is to be tried again.</summary>
    public bool TryWait()
    {
        if (Interlocked.CompareExchange(ref state, Waiting, Nothing) == Nothing)
            return true;
        Volatile.Write(ref state, Nothing);
        return false;
    }

    /// <summary>Notes an edge; true where somebody waited, and the caller is now the one to go on.</summary>
    public bool Signal()
    {
        while (true)
        {
            int seen = Volatile.Read(ref state);
            if (seen == Signalled)
                return false;
            if (Interlocked.CompareExchange(ref state, seen == Waiting ? Nothing : Signalled, seen) == seen)
                return seen == Waiting;
        }
    }

    /// <summary>Ends the wait; true for the one caller that ended it.</summary>
    public bool TryEnd() => Interlocked.CompareExchange(ref state, Nothing, Waiting) == Waiting;
}
