namespace Hal.Cache.Gateway.Scripts;

/// <summary>A script of EVAL's as it is cached.</summary>
/// <param name="Sha">Its name, 40 lower hexadecimal digits.</param>
/// <param name="Text">What clients send.</param>
/// <param name="Body">Its text without what a shebang says.</param>
internal sealed record Script(string Sha, byte[] Text, byte[] Body, ScriptFlags Flags);
