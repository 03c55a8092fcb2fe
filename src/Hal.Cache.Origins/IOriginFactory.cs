using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;

namespace Hal.Cache.Origins;

/// <summary>Makes the origins of one URI scheme.</summary>
internal interface IOriginFactory
{
    /// <summary>The scheme in lower case, without <c>://</c>.</summary>
    string Scheme { get; }

    /// <summary>The origin that <paramref name="uri"/> names, or the rule it breaks, written to follow a semicolon.</summary>
    Result<IOrigin> Create(OriginUri uri, TimeProvider time);
}
