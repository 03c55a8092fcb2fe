namespace Hal.Cache.Node.Streams;

/// <summary>A place in an <see cref="IdMap{T}"/>; a change of the map makes it invalid.</summary>
public readonly record struct IdPosition(int Block, int Index);
