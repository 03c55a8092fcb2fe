using Hal.Cache.Contracts;
using Hal.Cache.Gateway.Strings;

namespace Hal.Cache.Gateway.Commands;

/// <summary>
/// Commands that may have to build a large value: what is small or in memory is done at once; otherwise the value is built outside of
/// the locks from a snapshot, and put where the keys are still as they were, else built anew.
/// </summary>
internal static class Rewriting
{
    /// <summary>
    /// One try, under the locks: it ends the command, or faults, or asks for a value to be built, which the next try is given. A value
    /// that it put is no longer its caller's to release.
    /// </summary>
    public delegate Outcome Attempt(CommandContext context, PreparedValue? prepared, out Rewrite? rewrite);

    public static Outcome Run(CommandContext context, Attempt attempt)
    {
        Outcome outcome = attempt(context, null, out Rewrite? rewrite);
        return rewrite is null ? outcome : context.RunAsync(c => RunAsync(c, attempt, rewrite));
    }
}
