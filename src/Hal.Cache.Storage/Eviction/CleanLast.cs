using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>
/// Where objects leave the store, an origin's rank behind everything that clients wrote, since they can be read again; among themselves
/// both keep the policy's order. Where values only move to the log, both are alike.
/// </summary>
internal static class CleanLast
{
    public static int Ranks(int policyRanks) => policyRanks * 2;

    public static int Rank(int rank, int policyRanks, in EntryRef entry, ReclaimTier tier) =>
        tier == ReclaimTier.Store && (entry.Flags & EntryFlags.Clean) != 0 ? rank + policyRanks : rank;
}
