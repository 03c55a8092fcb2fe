namespace Hal.Cache.Benchmarks.Load;

/// <summary>
/// One command of the table of data types; <c>__rand_int__</c> in a word becomes twelve random digits below <see cref="KeysMax"/>, another in
/// each place, as the public client does it.
/// </summary>
internal sealed record CommandCell(string Label, IReadOnlyList<string> Command, int Pipeline)
{
    public const int KeysMax = 10_000;

    private const string Random = "__rand_int__";
    private const string Value = "xxxxxxxxxxxxxxxx";

    private static readonly (string Label, string[] Command)[] Commands =
    [
        ("HSET", ["HSET", "hash", $"field:{Random}", Value]),
        ("HGET", ["HGET", "hash", $"field:{Random}"]),
        ("LPUSH", ["LPUSH", "list", Value]),
        ("LRANGE 100", ["LRANGE", "list", "0", "99"]),
        ("SADD", ["SADD", "set", $"member:{Random}"]),
        ("SISMEMBER", ["SISMEMBER", "set", $"member:{Random}"]),
        ("ZADD", ["ZADD", "zset", Random, $"member:{Random}"]),
        ("ZRANGE 100", ["ZRANGE", "zset", "0", "99"]),
        ("ZRANGEBYSCORE 100", ["ZRANGEBYSCORE", "zset", Random, "+inf", "LIMIT", "0", "100"]),
        ("XADD", ["XADD", "stream", "*", "field", Value]),
        ("INCR", ["INCR", $"counter:{Random}"]),
        ("EVAL", ["EVAL", "return redis.call('GET', KEYS[1])", "1", $"string:{Random}"]),
    ];

    public string Name => $"{Label} P{Pipeline}";

    public static IReadOnlyList<CommandCell> All { get; } = [.. Matrix(Commands, [1, 64])];

    /// <summary>The smoke run's.</summary>
    public static IReadOnlyList<CommandCell> Quick { get; } = [.. Matrix(Commands.Where(one => one.Label is "HSET" or "EVAL"), [64])];

    /// <summary>What the reading commands find.</summary>
    public static IEnumerable<string[]> Data()
    {
        for (var at = 0; at < KeysMax; at++)
        {
            var digits = KeySpace.Key(at)[^12..];
            yield return ["HSET", "hash", $"field:{digits}", Value];
            yield return ["RPUSH", "list", Value];
            yield return ["SADD", "set", $"member:{digits}"];
            yield return ["ZADD", "zset", digits, $"member:{digits}"];
            yield return ["SET", $"string:{digits}", Value];
        }
    }

    private static IEnumerable<CommandCell> Matrix(IEnumerable<(string Label, string[] Command)> commands, int[] pipelines) =>
        from command in commands
        from pipeline in pipelines
        select new CommandCell(command.Label, command.Command, pipeline);
}
