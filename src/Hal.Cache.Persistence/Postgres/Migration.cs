using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Hal.Cache.Persistence.Postgres;

/// <summary>One step of the schema: a file of <c>Migrations</c>, numbered by its name, never changed once released.</summary>
internal sealed record Migration(int Number, string Name, string Sql)
{
    private const string Prefix = "migrations/";

    /// <summary>Every step of this version, in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = Read();

    /// <summary>SHA-256 of the text, in hex: a step that was applied with another text is refused.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    private static Migration[] Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return
        [
            .. assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(resource =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                var name = resource[Prefix.Length..];
                return new Migration(int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture), name, reader.ReadToEnd());
            }),
        ];
    }
}
