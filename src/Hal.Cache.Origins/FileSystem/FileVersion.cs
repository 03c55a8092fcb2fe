using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.FileSystem.Linux;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>What tells two versions of a file apart: all that can, or only what no backup or copy touches, where files are said never to change.</summary>
internal sealed class FileVersion(bool isImmutable)
{
    /// <summary>
    /// How coarse a change time can be: the kernel's tick, at most 10 ms, and some room. Two changes within it may bear the same time.
    /// </summary>
    public static readonly TimeSpan Granularity = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Length, and a mix of both times, inode and links (none: the file was removed or replaced). The change time can't be set by programs,
    /// so a rewrite that restores the modification time is seen too; so is a new link or owner, at the price of one needless read. Not the
    /// device: a network share gets another number with each mount, and its files would all be new. Of immutable files a mix of length and
    /// modification time: a rewrite against the promise is still seen, and no link, mode, owner or faithful copy is taken for one.
    /// </summary>
    public OriginObject Of(in StatX facts)
    {
        var mix = Mix(0, (ulong)facts.Size);
        mix = Mix(mix, (ulong)facts.ModifiedSeconds);
        if (isImmutable)
        {
            return new OriginObject(facts.Size, Mix(mix, facts.ModifiedNanoseconds));
        }

        mix = Mix(mix, (ulong)facts.ChangedSeconds);
        mix = Mix(mix, ((ulong)facts.ModifiedNanoseconds << 32) | facts.ChangedNanoseconds);
        mix = Mix(mix, facts.Inode);
        mix = Mix(mix, facts.Links);
        return new OriginObject(facts.Size, mix);
    }

    /// <summary>
    /// Time until a next change must bear another time than the present one, in whole milliseconds, as timers count; zero for a
    /// file that has not just changed. Reading before that could miss a change that falls into the same tick.
    /// </summary>
    public TimeSpan Unsettled(in StatX facts, DateTimeOffset now)
    {
        var age = now - (isImmutable ? facts.Modified : facts.Changed);
        return age > -Granularity && age < Granularity
            ? TimeSpan.FromMilliseconds(Math.Ceiling((Granularity - age).TotalMilliseconds))
            : TimeSpan.Zero;
    }

    // One round of SplitMix64 (Steele, Lea, Flood 2014): a bijection of the sum, so one differing field always tells.
    private static ulong Mix(ulong state, ulong value)
    {
        var z = state + value + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
