namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>What a slot's digest is worth.</summary>
internal enum SlotTruth : byte
{
    Known,
    Unknown,

    /// <summary>A scan is adding it up, and nothing has changed in the slot since.</summary>
    Counting,
}
