namespace Hal.Cache.Gateway.Geo;

/// <summary>A box, in degrees.</summary>
internal readonly record struct GeoArea(double West, double East, double South, double North);
