using System.Text;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Makes a command wrong in one place: an argument too few, too many, twice, or of another kind.</summary>
internal static class CommandMutation
{
    // A mutation of these could switch the protocol, the reply mode or the clock of one side only, list every command in an order of chance, or wait for ever.
    private static readonly HashSet<string> Exempt = new(StringComparer.OrdinalIgnoreCase) { "HELLO", "DEBUG", "CLIENT", "COMMAND", "XREAD", "XREADGROUP", "BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX", "BLMPOP", "BZMPOP" };

    /// <summary>Changes the arguments in place.</summary>
    public static void Apply(List<byte[]> arguments, Random random)
    {
        if (Exempt.Contains(Encoding.Latin1.GetString(arguments[0]))) return;
        var at = arguments.Count == 1 ? 1 : random.Next(1, arguments.Count);
        switch (random.Next(5))
        {
            case 0 when arguments.Count > 1:
                arguments.RemoveAt(at);
                break;
            case 1 when arguments.Count > 1:
                arguments.Insert(at, arguments[at]);
                break;
            case 2 when arguments.Count > 1:
                arguments[at] = ArgumentSources.Odd(random);
                break;
            case 3:
                arguments.RemoveRange(1, arguments.Count - 1);
                break;
            default:
                arguments.Add(ArgumentSources.Odd(random));
                break;
        }
    }
}
