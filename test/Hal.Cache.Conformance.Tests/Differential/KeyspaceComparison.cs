using System.Globalization;
using System.Text;
using Hal.Cache.Testing.Clients;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>Compares all that two servers hold: keys by SCAN, then each key's type, encoding, payload and expiry.</summary>
internal static class KeyspaceComparison
{
    private const int Databases = 16;
    private const int IterationsMax = 100_000;

    private static readonly string[][] Questions = [["TYPE"], ["OBJECT", "ENCODING"], ["STRLEN"], ["DUMP"], ["PTTL"]];

    /// <summary>Every difference as a line; none when the two hold the same. Both connections end on database 0.</summary>
    public static List<string> Differences(Pair pair)
    {
        var lines = new List<string>();
        for (var database = 0; database < Databases; database++)
        {
            var number = database.ToString(CultureInfo.InvariantCulture);
            pair.Run(RespTestClient.Bytes("SELECT", number));
            var wanted = Keys(pair.Model);
            var got = Keys(pair.Subject);
            lines.AddRange(wanted.Except(got).Select(key => $"database {number}: '{RespTestReply.Printable(Encoding.Latin1.GetBytes(key))}' is missing"));
            lines.AddRange(got.Except(wanted).Select(key => $"database {number}: '{RespTestReply.Printable(Encoding.Latin1.GetBytes(key))}' should not be there"));
            foreach (var key in wanted.Intersect(got))
            {
                foreach (var question in Questions)
                {
                    byte[][] command = [.. RespTestClient.Bytes(question), Encoding.Latin1.GetBytes(key)];
                    if (pair.Run(command) is { } answer)
                        lines.Add($"database {number}: {Difference.Printed(command)}: expected {answer.Wanted}, got {answer.Got}");
                }
            }
        }

        pair.Run(RespTestClient.Bytes("SELECT", "0"));
        return lines;
    }

    private static HashSet<string> Keys(RespTestClient client)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var cursor = "0";
        for (var i = 0; i < IterationsMax; i++)
        {
            var reply = client.Command("SCAN", cursor, "COUNT", "100");
            if (reply.Items is not { Count: 2 } parts) throw new FormatException($"SCAN {cursor} answered {reply}.");
            foreach (var key in parts[1].Items!) keys.Add(key.Text);
            cursor = parts[0].Text;
            if (cursor == "0") return keys;
        }

        throw new FormatException($"SCAN did not come to an end in {IterationsMax} calls.");
    }
}
