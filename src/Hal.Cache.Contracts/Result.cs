using System.Diagnostics.CodeAnalysis;

namespace Hal.Cache.Contracts;

/// <summary>A value, or the expected failure that stands in its place.</summary>
public readonly struct Result<T>
{
    private readonly T? value;

    internal Result(T? value, CacheError? error) => (this.value, Error) = (value, error);

    /// <summary>The failure, or null where there is a value.</summary>
    public CacheError? Error { get; }

    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsOk => Error is null;

    /// <summary>The value; throws <see cref="InvalidOperationException"/> where there is none, which is a bug of the caller.</summary>
    public T Value => Error is null ? value! : throw new InvalidOperationException($"No value: {Error}");

    internal static Result<T> Of(T value) => new(value, null);

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(CacheError error) => new(default, error);

    public override string ToString() => Error?.ToString() ?? $"{value}";
}
