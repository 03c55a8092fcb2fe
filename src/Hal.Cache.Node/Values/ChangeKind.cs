namespace Hal.Cache.Node.Values;

/// <summary>What a logged change does; numbers are part of the log's format and never change.</summary>
internal enum ChangeKind : byte
{
    /// <summary>Hash: field, value. Sorted set: score as bits, member.</summary>
    Set = 1,

    /// <summary>Hash, set, sorted set: field or member.</summary>
    Remove = 2,

    /// <summary>Set: member.</summary>
    Add = 3,

    /// <summary>List: element at the head.</summary>
    PushHead = 4,

    /// <summary>List: element at the tail.</summary>
    PushTail = 5,

    /// <summary>List: number of elements that leave the head.</summary>
    PopHead = 6,

    /// <summary>List: number of elements that leave the tail.</summary>
    PopTail = 7,

    /// <summary>List: index, element in its place.</summary>
    Replace = 8,

    /// <summary>List: index, element before it.</summary>
    Insert = 9,

    /// <summary>List: index of the element that goes.</summary>
    RemoveAt = 10,

    /// <summary>Sorted set: rank from which, and number of members that go, as two numbers of 32 bits.</summary>
    RemoveRanks = 11,

    /// <summary>Hash: field, Unix milliseconds at which it expires, 0 for never.</summary>
    Expire = 12,
}
