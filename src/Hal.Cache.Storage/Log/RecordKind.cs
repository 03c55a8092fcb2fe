namespace Hal.Cache.Storage.Log;

/// <summary>What a record of the log says; the numbers are on disk and never change.</summary>
internal enum RecordKind : byte
{
    /// <summary>A whole object: key and value.</summary>
    Value = 1,

    /// <summary>An object whose value lies in chunk records; written after them.</summary>
    Manifest = 2,

    /// <summary>One chunk of an object's value.</summary>
    Chunk = 3,

    /// <summary>The key is gone from this version on.</summary>
    Delete = 4,

    /// <summary>The key has another expiry from this version on.</summary>
    Expiry = 5,

    /// <summary>A whole space, or all of them, is empty from this version on.</summary>
    Flush = 6,

    /// <summary>Two spaces have changed places.</summary>
    Swap = 7,

    /// <summary>Bookkeeping of the store that belongs to no key.</summary>
    Note = 8,

    /// <summary>One change of the key's object; A is the address of the base that it goes with, B how many changes were before it.</summary>
    Change = 9,

    /// <summary>The key has got the object that the key in the value had, in space B, whose base is at address A.</summary>
    Move = 10,
}
