namespace Hal.Cache.Resp;

/// <summary>A peer sent bytes that are no reply, or a reply over a limit; the connection can't be read any further.</summary>
public sealed class RespProtocolException : Exception
{
    public RespProtocolException()
    {
    }

    public RespProtocolException(string message)
        : base(message)
    {
    }

    public RespProtocolException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
