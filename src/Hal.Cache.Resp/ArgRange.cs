namespace Hal.Cache.Resp;

/// <summary>
/// Where an argument is, in bytes of the parser's source; <paramref name="Large"/> is -1, or the index of an argument that was
/// streamed.
/// </summary>
public readonly record struct ArgRange(int Offset, int Length, int Large);
