namespace Hal.Cache.Persistence.Tests;

/// <summary>The tests that share the server, one after another, since some of them stop it.</summary>
[CollectionDefinition(PostgresFixture.Collection)]
public sealed class PostgresCollection : ICollectionFixture<PostgresFixture>;
