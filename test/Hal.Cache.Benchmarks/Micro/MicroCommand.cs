using System.CommandLine;
using Hal.Cache.Benchmarks.Micro.Gateway;

namespace Hal.Cache.Benchmarks.Micro;

/// <summary>The <c>micro</c> verb: exits 1 where a ceiling is broken.</summary>
internal static class MicroCommand
{
    public static Command Create()
    {
        var only = new Option<string?>("--only") { Description = "Only the cases whose name contains this." };
        var command = new Command("micro", "Runs small actions and fails where one allocates more than its ceiling.") { only };
        command.SetAction(async (parse, _) =>
        {
            await using var connection = new MemoryConnection();
            var part = parse.GetValue(only) ?? "";
            var cases = MicroSuite.All(connection).Where(one => one.Name.Contains(part, StringComparison.OrdinalIgnoreCase));
            return MicroSuite.Run(cases, Console.Out) == 0 ? 0 : 1;
        });
        return command;
    }
}
