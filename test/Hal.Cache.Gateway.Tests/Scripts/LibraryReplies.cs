namespace Hal.Cache.Gateway.Tests.Scripts;

/// <summary>Scripts that use the libraries, with the exact replies of Redis, line ends as "|".</summary>
internal static class LibraryReplies
{
    public static readonly (string[][] Commands, string Reply)[] Rows =
    [
    ];
}
