namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>How two servers' replies to one command are compared.</summary>
internal enum ReplyRule
{
    /// <summary>Every byte.</summary>
    Exact,

    /// <summary>Items in any order, each item every byte.</summary>
    AnyOrder,

    /// <summary>Numbers by their value, since 7.2 writes them shorter; anything else every byte.</summary>
    Numbers,

    /// <summary>The same, with items in any order and nested as either likes.</summary>
    AnyNumbers,

    /// <summary>A time in seconds or milliseconds: equal where negative, otherwise within the time that passes between two servers.</summary>
    Time,

    /// <summary>The type of the reply, and every byte of an error: the content depends on the moment or the process.</summary>
    Shape,

    /// <summary>A serialised value: its body byte for byte, or one that the model restores to the same value.</summary>
    Payload,
}
