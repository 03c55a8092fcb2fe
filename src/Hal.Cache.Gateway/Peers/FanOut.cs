namespace Hal.Cache.Gateway.Peers;

/// <summary>How one reply is made of those of all roots, for commands that concern the data set of each.</summary>
internal enum FanOut
{
    /// <summary>The command concerns one root.</summary>
    None,

    /// <summary>The first error, else what all reply.</summary>
    All,

    /// <summary>What the first reply is that is no error.</summary>
    Any,

    /// <summary>The sum of the integers.</summary>
    Sum,

    /// <summary>The elements of all arrays.</summary>
    Concat,

    /// <summary>The first reply that is not null, the roots by chance.</summary>
    Chance,

    /// <summary>The reply whose first number is the smallest.</summary>
    Least,

    /// <summary>One root after the other; the cursor says which.</summary>
    Scan,
}
