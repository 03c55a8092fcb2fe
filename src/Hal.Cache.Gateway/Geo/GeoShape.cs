namespace Hal.Cache.Gateway.Geo;

/// <summary>A circle or a box around a point; lengths are in a unit of so many meters.</summary>
internal sealed class GeoShape
{
    private const double MercatorMeters = 20037726.37;

    public double Longitude { get; set; }

    public double Latitude { get; set; }

    public double MetersPerUnit { get; set; } = 1;

    public double Radius { get; set; }

    public double Width { get; set; }

    public double Height { get; set; }

    public bool IsBox { get; set; }

    /// <summary>Whether a point is in it, and how many meters from its middle.</summary>
    public bool Contains(double longitude, double latitude, out double distance)
    {
        distance = 0;
        if (IsBox)
        {
            if (GeoDistance.BetweenLatitudes(latitude, Latitude) > Height * MetersPerUnit / 2) return false;
            if (GeoDistance.Between(longitude, latitude, Longitude, latitude) > Width * MetersPerUnit / 2) return false;
        }

        distance = GeoDistance.Between(Longitude, Latitude, longitude, latitude);
        return IsBox || distance <= Radius * MetersPerUnit;
    }

    /// <summary>
    /// At most nine cells that cover it: its middle's, then the neighbours in the north, south, east, west, and in the corners; in Redis's order, since results come
    /// in it.
    /// </summary>
    public List<GeoHash> Cells()
    {
        GeoArea bounds = Bounds();
        double meters = (IsBox ? Math.Sqrt((Width / 2 * (Width / 2)) + (Height / 2 * (Height / 2))) : Radius) * MetersPerUnit;
        int steps = Steps(meters, Latitude);
        GeoHash middle = GeoHash.Of(Longitude, Latitude, steps);
        if (steps > 1 && !Reaches(middle, bounds)) middle = GeoHash.Of(Longitude, Latitude, --steps);
        GeoArea area = middle.Area();
        bool all = steps < 2;
        bool north = all || area.North <= bounds.North, south = all || area.South >= bounds.South;
        bool east = all || area.East <= bounds.East, west = all || area.West >= bounds.West;
        var cells = new List<GeoHash> { middle };
        Add(cells, middle, 0, 1, north);
        Add(cells, middle, 0, -1, south);
        Add(cells, middle, 1, 0, east);
        Add(cells, middle, -1, 0, west);
        Add(cells, middle, 1, 1, north && east);
        Add(cells, middle, -1, 1, north && west);
        Add(cells, middle, 1, -1, south && east);
        Add(cells, middle, -1, -1, south && west);
        return cells;
    }

    // With large shapes neighbours may be the same cell: one that is the last again is left out.
    private static void Add(List<GeoHash> cells, GeoHash middle, int east, int north, bool isNeeded)
    {
        if (!isNeeded) return;
        GeoHash cell = middle.Moved(east, north);
        if (cell != cells[^1] || cells.Count == 1) cells.Add(cell);
    }

    private static bool Reaches(GeoHash middle, GeoArea bounds) =>
        middle.Moved(0, 1).Area().North >= bounds.North && middle.Moved(0, -1).Area().South <= bounds.South
        && middle.Moved(1, 0).Area().East >= bounds.East && middle.Moved(-1, 0).Area().West <= bounds.West;

    private GeoArea Bounds()
    {
        double height = MetersPerUnit * (IsBox ? Height / 2 : Radius), width = MetersPerUnit * (IsBox ? Width / 2 : Radius);
        double latitude = GeoDistance.Degrees(height / GeoDistance.RadiusMeters);
        double edge = Latitude < 0 ? Latitude - latitude : Latitude + latitude;
        double longitude = GeoDistance.Degrees(width / GeoDistance.RadiusMeters / Math.Cos(GeoDistance.Radians(edge)));
        return new(Longitude - longitude, Longitude + longitude, Latitude - latitude, Latitude + latitude);
    }

    private static int Steps(double meters, double latitude)
    {
        if (meters == 0) return GeoHash.StepsMax;
        int steps = 1;
        for (; meters < MercatorMeters; meters *= 2) steps++;
        steps -= 2; // so that the shape is within the neighbours
        if (Math.Abs(latitude) > 66) steps--; // cells are narrower towards the poles
        if (Math.Abs(latitude) > 80) steps--;
        return Math.Clamp(steps, 1, GeoHash.StepsMax);
    }
}
