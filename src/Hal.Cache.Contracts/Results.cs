namespace Hal.Cache.Contracts;

/// <summary>Makes results of values whose type is an interface, which C# has no conversions from.</summary>
public static class Results
{
    public static Result<T> Of<T>(T value) => new(value, null);
}
