namespace Hal.Cache.Gateway.Scripts;

/// <summary>A library of functions as FUNCTION LOAD took it.</summary>
/// <param name="Code">Its whole text.</param>
/// <param name="BodyStart">Where the text goes on after its first line, which is not Lua.</param>
internal sealed record FunctionLibrary(string Name, byte[] Code, int BodyStart)
{
    public IReadOnlyList<LibraryEntry> Functions { get; init; } = [];
}

/// <summary>What is told of a library's function.</summary>
internal sealed record LibraryEntry(string Name, string? Description, string[] FlagNames, ScriptFlags Flags);
