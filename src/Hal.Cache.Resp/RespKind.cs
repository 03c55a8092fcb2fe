using System.Diagnostics.CodeAnalysis;

namespace Hal.Cache.Resp;

/// <summary>The types of replies, of both protocols.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "Integer and Double are the protocol's names for its types.")]
public enum RespKind
{
    SimpleString,
    Error,
    Integer,
    Bulk,
    Null,
    NullArray,
    Array,
    Double,
    Boolean,
    BigNumber,
    BulkError,
    Verbatim,
    Map,
    Set,
    Push,
}
