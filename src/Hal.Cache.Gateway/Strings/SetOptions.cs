using System.Text;
using Hal.Cache.Gateway.Commands;

namespace Hal.Cache.Gateway.Strings;

/// <summary>The options of a SET or GETEX command, and which argument has the expiry.</summary>
internal readonly record struct SetOptions(SetConditions Conditions, int ExpiryArg)
{
    private const SetConditions AnyLifetime = SetConditions.AnyExpiry | SetConditions.KeepTtl | SetConditions.Persist;

    public bool Has(SetConditions condition) => (Conditions & condition) != 0;

    /// <summary>Reads the options from an argument on; false on an unknown option, on two that exclude each other, and on a missing expiry.</summary>
    public static bool TryParse(CommandContext context, int from, SetConditions allowed, out SetOptions options)
    {
        SetConditions conditions = SetConditions.None;
        int expiryArg = 0;
        options = default;
        for (int i = from; i < context.Count; i++)
        {
            SetConditions option = Name(context.Arg(i));
            SetConditions excluded = option switch
            {
                SetConditions.IfAbsent => SetConditions.IfPresent,
                SetConditions.IfPresent => SetConditions.IfAbsent,
                SetConditions.Get => SetConditions.None,
                _ => AnyLifetime & ~option, // the same option twice is allowed; the last one counts
            };
            if ((option & allowed) == 0 || (conditions & excluded) != 0) return false;
            if ((option & SetConditions.AnyExpiry) != 0)
            {
                if (++i == context.Count) return false;
                expiryArg = i;
            }

            conditions |= option;
        }

        options = new(conditions, expiryArg);
        return true;
    }

    private static SetConditions Name(ReadOnlySpan<byte> text) => text.Length switch
    {
        2 when Ascii.EqualsIgnoreCase(text, "EX"u8) => SetConditions.Ex,
        2 when Ascii.EqualsIgnoreCase(text, "PX"u8) => SetConditions.Px,
        2 when Ascii.EqualsIgnoreCase(text, "NX"u8) => SetConditions.IfAbsent,
        2 when Ascii.EqualsIgnoreCase(text, "XX"u8) => SetConditions.IfPresent,
        3 when Ascii.EqualsIgnoreCase(text, "GET"u8) => SetConditions.Get,
        4 when Ascii.EqualsIgnoreCase(text, "EXAT"u8) => SetConditions.ExAt,
        4 when Ascii.EqualsIgnoreCase(text, "PXAT"u8) => SetConditions.PxAt,
        7 when Ascii.EqualsIgnoreCase(text, "KEEPTTL"u8) => SetConditions.KeepTtl,
        7 when Ascii.EqualsIgnoreCase(text, "PERSIST"u8) => SetConditions.Persist,
        _ => SetConditions.None,
    };
}
