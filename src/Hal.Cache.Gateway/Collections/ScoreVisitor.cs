namespace Hal.Cache.Gateway.Collections;

/// <summary>Takes a member with its score; false to stop.</summary>
internal delegate bool ScoreVisitor(ReadOnlySpan<byte> member, double score);
