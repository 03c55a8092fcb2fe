using System.Globalization;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Geo;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Places, which are sorted sets with geohashes as scores.</summary>
internal static class GeoCommands
{
    private const int HashCharacters = 11;
    private static ReadOnlySpan<byte> Alphabet => "0123456789bcdefghjkmnpqrstuvwxyz"u8;

    public static readonly CommandSpec[] Specs =
    [
        new("geoadd", -5, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Update), Add)
        {
            Group = "geo", Since = "3.2.0", Complexity = "O(log(N))",
            Summary = "Adds places.",
        },
        new("geopos", -2, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Positions)
        {
            Group = "geo", Since = "3.2.0", Complexity = "O(N)",
            Summary = "Gives the coordinates of places.",
        },
        new("geodist", -4, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Distance)
        {
            Group = "geo", Since = "3.2.0", Complexity = "O(log(N))",
            Summary = "Gives the distance of two places.",
        },
        new("geohash", -2, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Hash)
        {
            Group = "geo", Since = "3.2.0", Complexity = "O(log(N))",
            Summary = "Gives the geohashes of places.",
        },
        new("geosearch", -7, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Search)
        {
            Group = "geo", Since = "6.2.0", Complexity = "O(N+log(M))",
            Summary = "Gives the places within a circle or a box.",
        },
        new("geosearchstore", -8, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.OW | KeyFlags.Update), SearchStore)
        {
            Group = "geo", Since = "6.2.0", Complexity = "O(N+log(M))",
            Summary = "Keeps the places within a circle or a box.",
            MoreKeys = [new(2, Flags: KeyFlags.RO | KeyFlags.Access)],
        },
        new("georadius", -6, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Radius(c, false, false))
        {
            Group = "geo", Since = "3.2.0", Complexity = "O(N+log(M))",
            Summary = "Gives or keeps the places within a distance of a point.",
            MoreKeys = [new(6, Flags: KeyFlags.OW | KeyFlags.Update) { Keyword = "STORE" }, new(6, Flags: KeyFlags.OW | KeyFlags.Update) { Keyword = "STOREDIST" }],
        },
        new("georadius_ro", -6, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Radius(c, false, true))
        {
            Group = "geo", Since = "3.2.10", Complexity = "O(N+log(M))",
            Summary = "Gives the places within a distance of a point.",
        },
        new("georadiusbymember", -5, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Radius(c, true, false))
        {
            Group = "geo", Since = "3.2.0", Complexity = "O(N+log(M))",
            Summary = "Gives or keeps the places within a distance of another.",
            MoreKeys = [new(5, Flags: KeyFlags.OW | KeyFlags.Update) { Keyword = "STORE" }, new(5, Flags: KeyFlags.OW | KeyFlags.Update) { Keyword = "STOREDIST" }],
        },
        new("georadiusbymember_ro", -5, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Radius(c, true, true))
        {
            Group = "geo", Since = "3.2.10", Complexity = "O(N+log(M))",
            Summary = "Gives the places within a distance of another.",
        },
    ];

    private static Outcome Add(CommandContext c)
    {
        bool absent = false, present = false, countsChanges = false;
        int first = 2;
        for (; first < c.Count; first++)
        {
            if (c.Is(first, "NX"u8)) absent = true;
            else if (c.Is(first, "XX"u8)) present = true;
            else if (c.Is(first, "CH"u8)) countsChanges = true;
            else break;
        }

        if (first == c.Count || (c.Count - first) % 3 != 0 || (absent && present)) return c.Syntax();
        for (int arg = first; arg < c.Count; arg += 3)
        {
            if (!GeoQuery.TryPoint(c, arg, out _, out _)) return Outcome.Done;
        }

        if (!c.TryChange(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        if (set is null && present) return c.Integer(0);
        bool isNew = set is null;
        set ??= new SortedSetValue(c.Keyspace.Collections);
        int added = 0, updated = 0;
        for (int arg = first; arg < c.Count; arg += 3)
        {
            GeoQuery.TryPoint(c, arg, out double longitude, out double latitude);
            double score = GeoHash.Of(longitude, latitude, GeoHash.StepsMax).Bits;
            bool isHeld = set.TryGetScore(c.Arg(arg + 2), out double held);
            if (isHeld ? absent || held == score : present) continue;
            if (set.Set(c.Arg(arg + 2), score, c.Changes)) added++;
            else updated++;
        }

        if (!set.IsEmpty && !c.TryCommit(1, set, isNew)) return Outcome.Retry;
        if (added + updated > 0) c.Changed("zadd", 1);
        return c.Integer(countsChanges ? added + updated : added);
    }

    private static Outcome Positions(CommandContext c)
    {
        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        c.Reply.ArrayHeader(c.Count - 2);
        for (int arg = 2; arg < c.Count; arg++)
        {
            if (set is null || !set.TryGetScore(c.Arg(arg), out double score))
            {
                c.Reply.NullArray();
                continue;
            }

            (double longitude, double latitude) = GeoHash.PointOf(score);
            WritePoint(c, longitude, latitude);
        }

        return Outcome.Done;
    }

    private static Outcome Distance(CommandContext c)
    {
        double meters = 1;
        if (c.Count > 5) return c.Syntax();
        if (c.Count == 5 && !GeoQuery.TryUnit(c, 4, out meters)) return Outcome.Done;
        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        if (set is null || !set.TryGetScore(c.Arg(2), out double from) || !set.TryGetScore(c.Arg(3), out double to)) return c.Null();
        (double longitude, double latitude) = GeoHash.PointOf(from);
        (double otherLongitude, double otherLatitude) = GeoHash.PointOf(to);
        WriteDistance(c, GeoDistance.Between(longitude, latitude, otherLongitude, otherLatitude) / meters);
        return Outcome.Done;
    }

    // The standard's geohash, for which the whole range of latitudes counts; its last character has no bits.
    private static Outcome Hash(CommandContext c)
    {
        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        c.Reply.ArrayHeader(c.Count - 2);
        Span<byte> text = stackalloc byte[HashCharacters];
        for (int arg = 2; arg < c.Count; arg++)
        {
            if (set is null || !set.TryGetScore(c.Arg(arg), out double score))
            {
                c.Reply.Null();
                continue;
            }

            (double longitude, double latitude) = GeoHash.PointOf(score);
            ulong bits = GeoHash.Of(longitude, latitude, GeoHash.StepsMax, 90).Bits;
            for (int i = 0; i < HashCharacters - 1; i++) text[i] = Alphabet[(int)(bits >> (52 - ((i + 1) * 5))) & 31];
            text[^1] = Alphabet[0];
            c.Reply.Bulk(text);
        }

        return Outcome.Done;
    }

    private static Outcome Search(CommandContext c) => Search(c, 1, 0);

    private static Outcome SearchStore(CommandContext c) => Search(c, 2, 1);

    private static Outcome Search(CommandContext c, int keyArg, int storeArg)
    {
        if (!c.TryRead(keyArg, out SortedSetValue? set, out Outcome outcome)) return outcome;
        var query = new GeoQuery();
        return query.TryParseSearch(c, keyArg + 1, storeArg, set) ? Run(c, query, set, "geosearchstore") : Outcome.Done;
    }

    private static Outcome Radius(CommandContext c, bool byMember, bool readOnly)
    {
        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        var query = new GeoQuery();
        int options = byMember ? 5 : 6;
        if (!byMember)
        {
            if (!GeoQuery.TryPoint(c, 2, out double longitude, out double latitude)) return Outcome.Done;
            (query.Shape.Longitude, query.Shape.Latitude) = (longitude, latitude);
            if (!query.TryRadius(c, 4)) return Outcome.Done;
        }
        else if (set is not null && (!query.TryMember(c, set, 2) || !query.TryRadius(c, 3)))
        {
            return Outcome.Done;
        }

        return query.TryParseRadius(c, options, readOnly) ? Run(c, query, set, "georadiusstore") : Outcome.Done;
    }

    private static Outcome Run(CommandContext c, GeoQuery query, SortedSetValue? set, string storeEvent)
    {
        if (c.IsLong(set?.Count ?? 0)) return Outcome.Async;
        List<GeoPlace> places = set is null ? [] : query.Find(set);
        if (query.StoreArg != 0) return Store(c, query, places, storeEvent);
        c.Reply.ArrayHeader(places.Count);
        foreach (GeoPlace place in places)
        {
            if (query.Fields > 0) c.Reply.ArrayHeader(1 + query.Fields);
            c.Reply.Bulk(place.Member);
            if (query.WithDistance) WriteDistance(c, place.Meters / query.Shape.MetersPerUnit);
            if (query.WithHash) c.Reply.Integer((long)place.Score);
            if (query.WithPoint) WritePoint(c, place.Longitude, place.Latitude);
        }

        return Outcome.Done;
    }

    private static Outcome Store(CommandContext c, GeoQuery query, List<GeoPlace> places, string storeEvent)
    {
        var result = new SortedSetValue(c.Keyspace.Collections);
        foreach (GeoPlace place in places)
            result.Set(place.Member, query.StoresDistance ? place.Meters / query.Shape.MetersPerUnit : place.Score, null);
        return c.Replace(query.StoreArg, result, places.Count, storeEvent);
    }

    private static void WriteDistance(CommandContext c, double distance) => c.Reply.Text(distance.ToString("F4", CultureInfo.InvariantCulture));

    private static void WritePoint(CommandContext c, double longitude, double latitude)
    {
        c.Reply.ArrayHeader(2);
        WriteDegrees(c, longitude);
        WriteDegrees(c, latitude);
    }

    // 17 places after the point, without zeros at the end; a double in RESP3.
    private static void WriteDegrees(CommandContext c, double value)
    {
        string text = value.ToString("F17", CultureInfo.InvariantCulture).TrimEnd('0').TrimEnd('.');
        if (c.Reply.Protocol == 2) c.Reply.Text(text);
        else c.Reply.Raw(System.Text.Encoding.ASCII.GetBytes($",{text}\r\n"));
    }
}
