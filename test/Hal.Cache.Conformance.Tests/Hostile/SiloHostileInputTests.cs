using Hal.Cache.Conformance.Tests.Servers;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Hostile;

public sealed class SiloHostileInputTests(SiloFixture fixture, ITestOutputHelper output)
    : HostileInputTests(fixture.Server, output), IClassFixture<SiloFixture>;
