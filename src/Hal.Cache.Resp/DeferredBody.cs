namespace Hal.Cache.Resp;

/// <summary>
/// A bulk string's body that is not buffered: <paramref name="Length"/> bytes of <paramref name="Source"/> belong before byte
/// <paramref name="Position"/> of what was written, behind the line that tells their number, which begins at <paramref name="Start"/>.
/// </summary>
/// <param name="IsNewest">Whether it is all of a command's reply, in place of which the key's newest value would do as well.</param>
public readonly record struct DeferredBody(int Start, int Position, long Length, object Source, bool IsNewest = false)
{
    /// <summary>Where the bulk string ends.</summary>
    public int End => Position + RespWriter.LineEndBytes;
}
