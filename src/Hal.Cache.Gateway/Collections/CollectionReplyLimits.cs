namespace Hal.Cache.Gateway.Collections;

/// <summary>Limits of commands over collections that no setting changes, by name.</summary>
internal static class CollectionReplyLimits
{
    /// <summary>Elements that a command with a negative count gives by chance, where Redis goes on until memory ends.</summary>
    public const long RandomElementsMax = 10_000_000;

    /// <summary>Elements of all sets together up to which sets are combined on the thread that polls sockets.</summary>
    public const long ElementsInline = 10_000;
}
