using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Geo;

/// <summary>What a search for places asks for.</summary>
internal sealed class GeoQuery
{
    public GeoShape Shape { get; } = new();

    public bool WithDistance { get; private set; }

    public bool WithHash { get; private set; }

    public bool WithPoint { get; private set; }

    /// <summary>Argument of the key that the result is kept under, 0 for none.</summary>
    public int StoreArg { get; private set; }

    public bool StoresDistance { get; private set; }

    public long Count { get; private set; }

    private bool any;
    private int order; // 1 rising, -1 falling

    /// <summary>Reads the options of the GEORADIUS family from an argument on; false with the error replied.</summary>
    public bool TryParseRadius(CommandContext c, int arg, bool readOnly)
    {
        for (; arg < c.Count; arg++)
        {
            bool more = arg + 1 < c.Count;
            if (!readOnly && more && (c.Is(arg, "STORE"u8) || c.Is(arg, "STOREDIST"u8)))
            {
                StoresDistance = c.Is(arg, "STOREDIST"u8);
                StoreArg = ++arg;
            }
            else if (!TryCommon(c, ref arg, out bool isKnown))
            {
                return false;
            }
            else if (!isKnown)
            {
                return Refuse(c);
            }
        }

        return TryEnd(c, "STORE option in GEORADIUS");
    }

    /// <summary>Reads the options of GEOSEARCH, and of GEOSEARCHSTORE with its target; false with the error replied.</summary>
    public bool TryParseSearch(CommandContext c, int arg, int storeArg, SortedSetValue? set)
    {
        bool fromMember = false, fromPoint = false, byRadius = false, byBox = false;
        StoreArg = storeArg;
        for (; arg < c.Count; arg++)
        {
            int left = c.Count - arg - 1;
            if (storeArg != 0 && c.Is(arg, "STOREDIST"u8))
            {
                StoresDistance = true;
            }
            else if (left >= 1 && !fromPoint && c.Is(arg, "FROMMEMBER"u8))
            {
                fromMember = true;
                if (!TryMember(c, set, ++arg)) return false;
            }
            else if (left >= 2 && !fromMember && c.Is(arg, "FROMLONLAT"u8))
            {
                fromPoint = true;
                if (!TryPoint(c, arg + 1, out double longitude, out double latitude)) return false;
                (Shape.Longitude, Shape.Latitude) = (longitude, latitude);
                arg += 2;
            }
            else if (left >= 2 && !byBox && c.Is(arg, "BYRADIUS"u8))
            {
                byRadius = true;
                if (!TryRadius(c, arg + 1)) return false;
                arg += 2;
            }
            else if (left >= 3 && !byRadius && c.Is(arg, "BYBOX"u8))
            {
                byBox = true;
                if (!TryBox(c, arg + 1)) return false;
                arg += 3;
            }
            else if (!TryCommon(c, ref arg, out bool isKnown))
            {
                return false;
            }
            else if (!isKnown)
            {
                return Refuse(c);
            }
        }

        if (StoreArg != 0 && IsWithMore) return TryEnd(c, "GEOSEARCHSTORE");
        string name = System.Text.Encoding.UTF8.GetString(c.Arg(0));
        if (!fromMember && !fromPoint) c.Error($"ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {name}");
        else if (!byRadius && !byBox) c.Error($"ERR exactly one of BYRADIUS and BYBOX can be specified for {name}");
        else return TryEnd(c, "GEOSEARCHSTORE");
        return false;
    }

    private bool IsWithMore => WithDistance || WithHash || WithPoint;

    /// <summary>Fields that a place's reply has beside its name.</summary>
    public int Fields => (WithDistance ? 1 : 0) + (WithHash ? 1 : 0) + (WithPoint ? 1 : 0);

    /// <summary>Reads a member's point as the middle; false with the error replied. Without a set nothing is found anyway.</summary>
    public bool TryMember(CommandContext c, SortedSetValue? set, int arg)
    {
        if (set is null) return true;
        if (!set.TryGetScore(c.Arg(arg), out double score))
        {
            c.Error("ERR could not decode requested zset member"u8);
            return false;
        }

        (Shape.Longitude, Shape.Latitude) = GeoHash.PointOf(score);
        return true;
    }

    /// <summary>Reads a longitude and a latitude; false with the error replied.</summary>
    public static bool TryPoint(CommandContext c, int arg, out double longitude, out double latitude)
    {
        latitude = 0;
        if (!RedisDouble.TryParse(c.Arg(arg), out longitude) || !RedisDouble.TryParse(c.Arg(arg + 1), out latitude))
        {
            c.Error(RespErrors.NotFloat);
            return false;
        }

        if (Math.Abs(longitude) <= GeoHash.LongitudeMax && Math.Abs(latitude) <= GeoHash.LatitudeMax) return true;
        c.Error($"ERR invalid longitude,latitude pair {Shown(longitude)},{Shown(latitude)}");
        return false;
    }

    private static string Shown(double value) =>
        double.IsInfinity(value) ? value > 0 ? "inf" : "-inf" : value.ToString("F6", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads a radius and its unit; false with the error replied.</summary>
    public bool TryRadius(CommandContext c, int arg)
    {
        if (!RedisDouble.TryParse(c.Arg(arg), out double radius)) c.Error("ERR need numeric radius"u8);
        else if (radius < 0) c.Error("ERR radius cannot be negative"u8);
        else if (TryUnit(c, arg + 1, out double meters))
        {
            (Shape.Radius, Shape.MetersPerUnit, Shape.IsBox) = (radius, meters, false);
            return true;
        }

        return false;
    }

    /// <summary>Reads a unit as meters; false with the error replied.</summary>
    public static bool TryUnit(CommandContext c, int arg, out double meters)
    {
        meters = GeoDistance.MetersOf(c.Arg(arg));
        if (meters != 0) return true;
        c.Error("ERR unsupported unit provided. please use M, KM, FT, MI"u8);
        return false;
    }

    /// <summary>The places that are asked for.</summary>
    public List<GeoPlace> Find(SortedSetValue set)
    {
        var found = new List<GeoPlace>();
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        foreach (GeoHash cell in Shape.Cells())
        {
            if (any && found.Count >= Count) break;
            ulong end = (cell with { Bits = cell.Bits + 1 }).Aligned;
            int rank = set.CountBehind(new ScoreBound(cell.Aligned, false));
            if (rank == set.Count) continue;
            ScoredCursor items = set.Items(rank, false, scratch);
            while (items.MoveNext() && items.Score < end)
            {
                (double longitude, double latitude) = GeoHash.PointOf(items.Score);
                if (!Shape.Contains(longitude, latitude, out double meters)) continue;
                found.Add(new(items.Member.ToArray(), items.Score, longitude, latitude, meters));
                if (any && found.Count >= Count) break;
            }
        }

        if (order == 0 && Count > 0 && !any) order = 1;
        if (order != 0) found = [.. order > 0 ? found.OrderBy(place => place.Meters) : found.OrderByDescending(place => place.Meters)];
        if (Count > 0 && Count < found.Count) found.RemoveRange((int)Count, found.Count - (int)Count);
        return found;
    }

    private bool TryBox(CommandContext c, int arg)
    {
        double height = 0;
        if (!RedisDouble.TryParse(c.Arg(arg), out double width)) c.Error("ERR need numeric width"u8);
        else if (!RedisDouble.TryParse(c.Arg(arg + 1), out height)) c.Error("ERR need numeric height"u8);
        else if (width < 0 || height < 0) c.Error("ERR height or width cannot be negative"u8);
        else if (TryUnit(c, arg + 2, out double meters))
        {
            (Shape.Width, Shape.Height, Shape.MetersPerUnit, Shape.IsBox) = (width, height, meters, true);
            return true;
        }

        return false;
    }

    private bool TryCommon(CommandContext c, ref int arg, out bool isKnown)
    {
        isKnown = true;
        if (c.Is(arg, "WITHDIST"u8)) WithDistance = true;
        else if (c.Is(arg, "WITHHASH"u8)) WithHash = true;
        else if (c.Is(arg, "WITHCOORD"u8)) WithPoint = true;
        else if (c.Is(arg, "ANY"u8)) any = true;
        else if (c.Is(arg, "ASC"u8)) order = 1;
        else if (c.Is(arg, "DESC"u8)) order = -1;
        else if (arg + 1 < c.Count && c.Is(arg, "COUNT"u8))
        {
            if (!c.TryLong(++arg, out long count)) return false;
            Count = count;
            if (count > 0) return true;
            c.Error("ERR COUNT must be > 0"u8);
            return false;
        }
        else
        {
            isKnown = false;
        }

        return true;
    }

    private bool TryEnd(CommandContext c, string store)
    {
        if (StoreArg != 0 && IsWithMore) c.Error($"ERR {store} is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
        else if (any && Count == 0) c.Error("ERR the ANY argument requires COUNT argument"u8);
        else return true;
        return false;
    }

    private static bool Refuse(CommandContext c)
    {
        c.Syntax();
        return false;
    }
}
