using Hal.Cache.Conformance.Tests.Servers;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Hostile;

/// <summary>The control: what the suite asks of the silo, redis-server does.</summary>
public sealed class RedisHostileInputTests(RedisFixture fixture, ITestOutputHelper output)
    : HostileInputTests(fixture.Server, output), IClassFixture<RedisFixture>;
