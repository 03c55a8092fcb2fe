namespace Hal.Cache.Contracts;

/// <summary>Makes results of interfaces, which the language converts to nothing.</summary>
public static class Results
{
    public static Result<T> Of<T>(T value) => new(value, null);
}
