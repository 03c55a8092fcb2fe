namespace Hal.Cache.Node.Tree;

/// <summary>Which instance is the authority of which keys: the one place where that is looked up.</summary>
public interface IKeyAuthorities
{
    /// <summary>Whether this instance is the authority of all keys, so that every command runs here.</summary>
    bool IsAuthority { get; }

    /// <summary>Name of the instance that is the authority of a key.</summary>
    string AuthorityOf(int database, ReadOnlySpan<byte> key);

    /// <summary>Name of the instance that runs commands without keys that concern the whole data set.</summary>
    string DefaultAuthority { get; }

    /// <summary>Epoch of an authority as last heard, 0 where it is not known.</summary>
    long EpochOf(string authority);
}
