namespace Hal.Cache.Resp;

/// <summary>
/// A bulk string's body that is not buffered: <paramref name="Length"/> bytes of <paramref name="Source"/> belong before byte
/// <paramref name="Position"/> of what was written.
/// </summary>
public readonly record struct DeferredBody(int Position, long Length, object Source);
