namespace Hal.Cache.Node.Tree;

/// <summary>Which instance is the authority of which keys, as this instance sees it.</summary>
public interface IKeyAuthorities
{
    /// <summary>Whether this instance is an authority: of all keys, or of those of its slots where there are several.</summary>
    bool IsAuthority { get; }

    /// <summary>Name of this instance.</summary>
    string Self { get; }

    /// <summary>Which roots there are, and which is the authority of a key.</summary>
    RootTable Roots { get; }

    /// <summary>Epoch of an authority as last heard, 0 where it is not known.</summary>
    long EpochOf(string authority);
}
