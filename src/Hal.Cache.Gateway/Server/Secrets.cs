using System.Text;

namespace Hal.Cache.Gateway.Server;

/// <summary>Arguments that SLOWLOG and MONITOR must not show: passwords, and the rules of users.</summary>
internal static class Secrets
{
    public static ReadOnlySpan<byte> Shown => "(redacted)"u8;

    public static bool Holds(CommandContext c, int arg) => c.Spec.FullName switch
    {
        "auth" => arg >= 1,
        "acl|setuser" => arg >= 2,
        "hello" => (arg >= 3 && Is(c, arg - 1, "auth"u8)) || (arg >= 4 && Is(c, arg - 2, "auth"u8)),
        "config|set" => arg >= 3 && arg % 2 == 1 && IsPassword(c, arg - 1),
        "migrate" => arg >= 7 && (Is(c, arg - 1, "auth"u8) || Is(c, arg - 1, "auth2"u8) || (arg >= 8 && Is(c, arg - 2, "auth2"u8))),
        _ => false,
    };

    private static bool IsPassword(CommandContext c, int arg) =>
        Is(c, arg, "requirepass"u8) || Is(c, arg, "masterauth"u8) || Is(c, arg, "masteruser"u8) || Is(c, arg, "tls-key-file-pass"u8)
        || Is(c, arg, "tls-client-key-file-pass"u8);

    private static bool Is(CommandContext c, int arg, ReadOnlySpan<byte> word) => !c.IsLarge(arg) && Ascii.EqualsIgnoreCase(c.Arg(arg), word);
}
