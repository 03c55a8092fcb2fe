using System.Text;

namespace Hal.Cache.Gateway.Scripts;

/// <summary>Reads the first line of a script, where that is "#!lua flags=...".</summary>
internal static class ScriptShebang
{
    /// <summary>Names of flags, as scripts and functions write them.</summary>
    public static readonly (string Name, ScriptFlags Flag)[] Names =
    [
        ("no-writes", ScriptFlags.NoWrites), ("allow-oom", ScriptFlags.AllowOom), ("allow-stale", ScriptFlags.AllowStale),
        ("no-cluster", ScriptFlags.NoCluster), ("allow-cross-slot-keys", ScriptFlags.AllowCrossSlotKeys),
    ];

    /// <summary>The flags, and where the body begins (at the line's end, so that lines keep their numbers); else the error.</summary>
    public static string? TryRead(ReadOnlySpan<byte> text, out ScriptFlags flags, out int bodyStart)
    {
        (flags, bodyStart) = (ScriptFlags.Unstated, 0);
        if (!text.StartsWith("#!"u8)) return null;
        flags = ScriptFlags.None;
        bodyStart = text.IndexOf((byte)'\n');
        if (bodyStart < 0) return "ERR Invalid script shebang";
        string[] parts = Encoding.Latin1.GetString(text[..bodyStart]).Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        if (parts[0] != "#!lua") return $"ERR Unexpected engine in script shebang: {parts[0]}";
        foreach (string part in parts.Skip(1))
        {
            if (!part.StartsWith("flags=", StringComparison.Ordinal)) return $"ERR Unknown lua shebang option: {part}";
            foreach (string name in part["flags=".Length..].Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                ScriptFlags flag = Array.Find(Names, known => known.Name == name).Flag;
                if (flag == ScriptFlags.None) return $"ERR Unexpected flag in script shebang: {name}";
                flags |= flag;
            }
        }

        return null;
    }
}
