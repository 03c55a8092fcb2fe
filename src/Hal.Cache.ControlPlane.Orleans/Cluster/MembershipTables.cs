namespace Hal.Cache.ControlPlane.Orleans.Cluster;

/// <summary>How Orleans' AdoNet provider finds the tables that members meet in.</summary>
internal static class MembershipTables
{
    /// <summary>The provider's name of PostgreSQL.</summary>
    public const string Invariant = "Npgsql";

    // Orleans names its tables without a schema.
    public static string Connection(string postgres) => $"{postgres.TrimEnd(';', ' ')};Search Path=hal_cache";
}
