namespace Hal.Cache.Gateway.Geo;

/// <summary>
/// A cell of the earth: the bits of its latitude and longitude by turns, so many of each, latitude's lowest first. After Morton's order and
/// Niemeyer's geohash, with Redis's limits of latitude.
/// </summary>
internal readonly record struct GeoHash(ulong Bits, int Steps)
{
    public const int StepsMax = 26;
    public const double LatitudeMax = 85.05112878;
    public const double LongitudeMax = 180;
    private const ulong Even = 0x5555_5555_5555_5555;
    private const ulong Odd = 0xAAAA_AAAA_AAAA_AAAA;

    /// <summary>Whether it stands for no cell.</summary>
    public bool IsNone => Bits == 0 && Steps == 0;

    /// <summary>The bits as a sorted set's score has them: 52.</summary>
    public ulong Aligned => Bits << (2 * (StepsMax - Steps));

    public static GeoHash Of(double longitude, double latitude, int steps, double latitudeMax = LatitudeMax)
    {
        double scale = 1UL << steps;
        ulong y = (uint)((latitude + latitudeMax) / (2 * latitudeMax) * scale), x = (uint)((longitude + LongitudeMax) / (2 * LongitudeMax) * scale);
        return new(Spread(y) | (Spread(x) << 1), steps);
    }

    public GeoArea Area()
    {
        double scale = 1UL << Steps;
        uint y = Gather(Bits), x = Gather(Bits >> 1);
        return new(
            -LongitudeMax + (x / scale * (2 * LongitudeMax)), -LongitudeMax + ((x + 1.0) / scale * (2 * LongitudeMax)),
            -LatitudeMax + (y / scale * (2 * LatitudeMax)), -LatitudeMax + ((y + 1.0) / scale * (2 * LatitudeMax)));
    }

    /// <summary>The point that a score stands for.</summary>
    public static (double Longitude, double Latitude) PointOf(double score)
    {
        GeoArea area = new GeoHash(BitsOf(score), StepsMax).Area();
        return (Math.Clamp((area.West + area.East) / 2, -LongitudeMax, LongitudeMax), Math.Clamp((area.South + area.North) / 2, -LatitudeMax, LatitudeMax));
    }

    /// <summary>The cell so many to the east and to the north.</summary>
    public GeoHash Moved(int east, int north)
    {
        ulong bits = Bits;
        if (east != 0) bits = (Step(bits & Odd, Even, Odd, east)) | (bits & Even);
        if (north != 0) bits = (bits & Odd) | Step(bits & Even, Odd, Even, north);
        return this with { Bits = bits };
    }

    // As a C program converts it: scores that no place has are read as some place all the same.
    private static ulong BitsOf(double score) =>
        Math.Abs(score) < 1L << 62 ? (ulong)(long)score : score > 0 ? 0 : 1UL << 63;

    private ulong Step(ulong own, ulong others, ulong mask, int direction)
    {
        ulong gaps = others >> (64 - (2 * Steps)); // filled, so that a carry goes through them
        own = direction > 0 ? own + gaps + 1 : (own | gaps) - (gaps + 1);
        return own & (mask >> (64 - (2 * Steps)));
    }

    private static ulong Spread(ulong value)
    {
        value = (value | (value << 16)) & 0x0000_FFFF_0000_FFFF;
        value = (value | (value << 8)) & 0x00FF_00FF_00FF_00FF;
        value = (value | (value << 4)) & 0x0F0F_0F0F_0F0F_0F0F;
        value = (value | (value << 2)) & 0x3333_3333_3333_3333;
        return (value | (value << 1)) & Even;
    }

    private static uint Gather(ulong value)
    {
        value &= Even;
        value = (value | (value >> 1)) & 0x3333_3333_3333_3333;
        value = (value | (value >> 2)) & 0x0F0F_0F0F_0F0F_0F0F;
        value = (value | (value >> 4)) & 0x00FF_00FF_00FF_00FF;
        value = (value | (value >> 8)) & 0x0000_FFFF_0000_FFFF;
        return (uint)(value | (value >> 16));
    }
}
