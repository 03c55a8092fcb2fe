namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>The kinds of <see cref="Before"/>.</summary>
internal enum BeforeKind
{
    Unknown,
    Nothing,
    Copy,
}
