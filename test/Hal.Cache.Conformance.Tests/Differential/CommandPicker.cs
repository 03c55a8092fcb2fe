namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Draws a form by its weight.</summary>
internal static class CommandPicker
{
    private static readonly int Total = CommandForms.All.Sum(form => form.Weight);

    public static CommandTemplate Pick(Random random)
    {
        var at = random.Next(Total);
        foreach (var (weight, form) in CommandForms.All)
        {
            at -= weight;
            if (at < 0) return form;
        }

        throw new InvalidOperationException("The weights do not add up.");
    }
}
