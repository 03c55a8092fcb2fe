using System.Globalization;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>The key of a grain that a tree has many of: the tree's name, which has no slash, and what it is the grain of.</summary>
internal readonly record struct TreeKey(string Tree, string Name)
{
    private const string Arrow = "->";

    /// <summary>The number of an ownership record.</summary>
    public int Record => int.Parse(Name, CultureInfo.InvariantCulture);

    /// <summary>The ends of a link; names have no such arrow.</summary>
    public (string From, string To) Ends
    {
        get
        {
            var at = Name.IndexOf(Arrow, StringComparison.Ordinal);
            return (Name[..at], Name[(at + Arrow.Length)..]);
        }
    }

    public static string Of(string tree, string from, string to) => $"{tree}/{from}{Arrow}{to}";

    public static string Of(string tree, string name) => $"{tree}/{name}";

    public static string Of(string tree, int record) => string.Create(CultureInfo.InvariantCulture, $"{tree}/{record}");

    public static TreeKey Parse(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return new TreeKey(key[..slash], key[(slash + 1)..]);
    }
}
