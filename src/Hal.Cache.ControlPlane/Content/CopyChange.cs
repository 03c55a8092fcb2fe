namespace Hal.Cache.ControlPlane.Content;

/// <summary>What a change did: the size before (-1: there was no copy) and after (-1: there is none).</summary>
public readonly record struct CopyChange(long BeforeBytes, long AfterBytes);
