using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>A command that two servers answered differently, with the shortest found way there.</summary>
internal sealed record Difference(string Command, string Wanted, string Got, IReadOnlyList<string> Before, int Protocol, int Index)
{
    /// <summary>A command as a person can type it.</summary>
    public static string Printed(IEnumerable<byte[]> command) =>
        string.Join(' ', command.Select(argument =>
        {
            var text = RespTestReply.Printable(argument);
            return text.Length == 0 || text.Contains(' ', StringComparison.Ordinal) || text.Contains('\\', StringComparison.Ordinal) ? $"\"{text}\"" : text;
        }));

    public override string ToString()
    {
        var before = string.Concat(Before.Select(line => $"\n      {line}"));
        return $"RESP{Protocol} command {Index}:{before}\n      {Command}\n        expected {Wanted}\n        got      {Got}";
    }
}
