using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Strings;

/// <summary>A large value that was built outside of the lock from the strings whose versions are <paramref name="Versions"/>.</summary>
internal sealed record PreparedValue(ILargeValue Value, IReadOnlyList<long> Versions);
