using Hal.Cache.Conformance.Tests.Servers;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Commands;

/// <summary>The control: what is asked of the silo, redis-server does.</summary>
public sealed class RedisConnectionTests(RedisFixture fixture, ITestOutputHelper output) : ConnectionTests(fixture.Server, output), IClassFixture<RedisFixture>;
