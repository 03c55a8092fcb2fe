namespace Hal.Cache.Gateway.Geo;

/// <summary>A member that was found: its score, point, and meters from the middle.</summary>
internal sealed record GeoPlace(byte[] Member, double Score, double Longitude, double Latitude, double Meters);
