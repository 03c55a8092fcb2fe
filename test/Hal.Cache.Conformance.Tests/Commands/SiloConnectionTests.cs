using Hal.Cache.Conformance.Tests.Servers;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Commands;

public sealed class SiloConnectionTests(SiloFixture fixture, ITestOutputHelper output) : ConnectionTests(fixture.Server, output), IClassFixture<SiloFixture>;
