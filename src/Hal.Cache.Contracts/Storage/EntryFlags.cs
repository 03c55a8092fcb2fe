namespace Hal.Cache.Contracts.Storage;

/// <summary>What an entry is, and where its value lies.</summary>
[Flags]
public enum EntryFlags : ushort
{
    None = 0,

    /// <summary>The memory slot holds an entry; clear in a free slot.</summary>
    InUse = 1,

    /// <summary>Eight bytes of expiry follow the key.</summary>
    HasExpiry = 2,

    /// <summary>The value is in the log only; the entry has no value in memory, at most the handle of what the log has.</summary>
    OnDisk = 4,

    /// <summary>The value is a chunked object; the entry holds its handle.</summary>
    Large = 8,

    /// <summary>Changed since its record was last appended to the log.</summary>
    Dirty = 16,

    /// <summary>
    /// Came from an origin or an authority: it may be dropped at any time and read again. An inline value has an <see cref="OriginStamp"/>
    /// behind it; an object, which is in memory only, that and a count of its reads.
    /// </summary>
    Clean = 32,

    /// <summary>The value was built by appending or overwriting bytes, which OBJECT ENCODING shows as raw.</summary>
    Raw = 64,

    /// <summary>Its expiry is in the store's expiry queue.</summary>
    Queued = 128,

    /// <summary>The log has, or had, a record of the key: without a deletion record a restart could bring that one back.</summary>
    Logged = 256,

    /// <summary>A number that came from arithmetic on fractions, which OBJECT ENCODING shows as a text.</summary>
    Text = 512,

    /// <summary>The value is an <see cref="IObjectValue"/>; with <see cref="OnDisk"/> it must be loaded before it can be used.</summary>
    Object = 1024,

    /// <summary>The entry holds the number of its object's slot: the structure in memory, and the changes that the log has of it.</summary>
    Slotted = 2048,

    /// <summary>A copy that was invalidated since it was stored: its stamp's registration has ended, also where that is in the log only.</summary>
    Suspect = 4096,

    /// <summary>A copy that this instance's own client wrote, and that nobody has read here since.</summary>
    Unread = 8192,

    /// <summary>A copy whose reading by whoever had it brought is still to come: that one is no use of it, or everything would be used once.</summary>
    Brought = 16384,
}
