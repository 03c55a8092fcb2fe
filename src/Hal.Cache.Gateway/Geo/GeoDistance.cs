namespace Hal.Cache.Gateway.Geo;

/// <summary>Distances on a ball of the earth's size, by the haversine formula.</summary>
internal static class GeoDistance
{
    public const double RadiusMeters = 6372797.560856;
    private const double Degree = Math.PI / 180;

    public static double Radians(double degrees) => degrees * Degree;

    public static double Degrees(double radians) => radians / Degree;

    /// <summary>Meters between two points.</summary>
    public static double Between(double longitude1, double latitude1, double longitude2, double latitude2)
    {
        double v = Math.Sin((Radians(longitude2) - Radians(longitude1)) / 2);
        if (v == 0) return BetweenLatitudes(latitude1, latitude2);
        double u = Math.Sin((Radians(latitude2) - Radians(latitude1)) / 2);
        double a = (u * u) + (Math.Cos(Radians(latitude1)) * Math.Cos(Radians(latitude2)) * v * v);
        return 2 * RadiusMeters * Math.Asin(Math.Sqrt(a));
    }

    /// <summary>Meters between two points of one longitude.</summary>
    public static double BetweenLatitudes(double latitude1, double latitude2) => RadiusMeters * Math.Abs(Radians(latitude2) - Radians(latitude1));

    /// <summary>Meters of a unit, 0 where it is unknown.</summary>
    public static double MetersOf(ReadOnlySpan<byte> unit)
    {
        if (System.Text.Ascii.EqualsIgnoreCase(unit, "m"u8)) return 1;
        if (System.Text.Ascii.EqualsIgnoreCase(unit, "km"u8)) return 1000;
        if (System.Text.Ascii.EqualsIgnoreCase(unit, "ft"u8)) return 0.3048;
        return System.Text.Ascii.EqualsIgnoreCase(unit, "mi"u8) ? 1609.34 : 0;
    }
}
