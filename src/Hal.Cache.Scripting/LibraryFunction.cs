namespace Hal.Cache.Scripting;

/// <summary>A function that a library registered: its number in the state, and its flags, separated by commas.</summary>
public sealed record LibraryFunction(string Name, int Number, string? Description, string Flags);
