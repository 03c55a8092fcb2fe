namespace Hal.Cache.Gateway.Tests.Scripts;

/// <summary>Libraries of functions, with the exact replies of Redis, line ends as "|".</summary>
internal static class FunctionReplies
{
    public static readonly (string[][] Commands, string Reply)[] Rows =
    [
    ];
}
