namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Stored keys of a prestage job's progress at an instance; they begin as those of the job's parts do, so that they go with it.</summary>
internal static class PrestageProgressKey
{
    private const string Infix = "/at/";

    public static string Of(string job, string instance) => job + Infix + instance;

    /// <summary>The instance that a stored key is about; null where it is another kind of key.</summary>
    public static string? Instance(string storedKey) => storedKey.IndexOf(Infix, StringComparison.Ordinal) is > 0 and var at ? storedKey[(at + Infix.Length)..] : null;
}
