namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>Where a repair is.</summary>
internal enum RepairPhase
{
    /// <summary>Nothing is known to differ.</summary>
    Idle,

    /// <summary>Digests of the records are to be compared, once nothing waits to be sent.</summary>
    WantRecords,

    /// <summary>They are taken, and wait for what was cut before them.</summary>
    HaveRecords,

    WantSlots,

    HaveSlots,

    /// <summary>The scan tells what the differing slots hold.</summary>
    Scanning,

    /// <summary>All is told; the end's mark is on its way.</summary>
    Ending,
}
