namespace Hal.Cache.Gateway.Strings;

/// <summary>So many bytes that two strings have in common, at these offsets.</summary>
internal readonly record struct LcsMatch(int First, int Second, int Length);
