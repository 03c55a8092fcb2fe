namespace Hal.Cache.Node;

/// <summary>What a lookup has to have in memory.</summary>
public enum Need
{
    /// <summary>Existence, type, expiry and length.</summary>
    Meta,

    /// <summary>An inline value's bytes; of a large value no more than <see cref="Meta"/> gives, since its chunks are read on their own.</summary>
    Value,
}
