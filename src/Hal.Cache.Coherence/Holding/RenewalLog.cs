namespace Hal.Cache.Coherence.Holding;

/// <summary>When the last renewals were sent: a grant counts from there.</summary>
internal sealed class RenewalLog
{
    /// <summary>Renewals that may be on their way at once; grants of older ones are of no use.</summary>
    public const int SentMax = 16;

    private readonly (uint Number, long SentAt)[] sent = new (uint, long)[SentMax];

    public uint Last { get; private set; }

    public uint Add(long now)
    {
        Last++;
        sent[Last % SentMax] = (Last, now);
        return Last;
    }

    public long? SentAt(uint number) => number != 0 && sent[number % SentMax] is var entry && entry.Number == number ? entry.SentAt : null;

    public void Clear()
    {
        Array.Clear(sent);
        Last = 0;
    }
}
