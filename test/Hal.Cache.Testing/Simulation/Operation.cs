namespace Hal.Cache.Testing.Simulation;

/// <summary>
/// One client's operation on one key. <paramref name="Result"/> is what a read returned (null: the key does not exist) or the number after
/// an increment; an operation whose outcome nobody learned returned at <see cref="Never"/>, and its result counts for nothing.
/// </summary>
public sealed record Operation(string Key, OperationKind Kind, long Argument, long? Result, long Invoked, long Returned)
{
    public const long Never = long.MaxValue;

    public override string ToString() =>
        $"{Key} {Kind}({(Kind == OperationKind.Set ? Argument : "")}) -> {(Returned == Never ? "?" : Result?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none")} [{Invoked}, {(Returned == Never ? "never" : Returned)}]";
}
