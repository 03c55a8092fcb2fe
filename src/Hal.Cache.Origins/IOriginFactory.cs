using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Origins;

/// <summary>Makes the origins of one URI scheme.</summary>
internal interface IOriginFactory
{
    /// <summary>The scheme in lower case, without <c>://</c>.</summary>
    string Scheme { get; }

    /// <summary>The origin that <paramref name="uri"/> names, or the rule it breaks, written to follow a semicolon.</summary>
    /// <param name="freshness">What is said of its objects, by which an origin may tell their versions apart.</param>
    Result<IOrigin> Create(OriginUri uri, Freshness freshness, TimeProvider time);
}
