using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>Chance for many threads without a lock: each region of memory has a generator (SplitMix64) of its own; a race repeats a number.</summary>
internal sealed unsafe class StripedRandom
{
    private const int Stripes = 64;
    private const int WordsPerStripe = 8; // a cache line
    private const int RegionShift = 16;

    private readonly ulong[] states = new ulong[Stripes * WordsPerStripe];

    public StripedRandom(int seed)
    {
        for (int stripe = 0; stripe < Stripes; stripe++)
            states[stripe * WordsPerStripe] = Mix(((ulong)(uint)seed << 32) | (uint)stripe);
    }

    public uint Next(in EntryRef entry)
    {
        ref ulong state = ref states[(int)(((nuint)entry.Header >> RegionShift) % Stripes) * WordsPerStripe];
        state += 0x9E3779B97F4A7C15;
        return (uint)(Mix(state) >> 32);
    }

    /// <summary>Spreads a number over 64 bits: the finalizer of SplitMix64 (Steele, Lea, Flood, 2014).</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
