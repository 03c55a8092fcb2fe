using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Xunit.Abstractions;

namespace Hal.Cache.Gateway.Tests.Commands;

/// <summary>Seeded random commands, sent to the installed Redis too where there is one.</summary>
public sealed class RedisDifferenceTests(ITestOutputHelper output)
{
    private const int Commands = 20_000;

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public async Task Replies_are_those_of_redis_for_a_random_stream(int seed)
    {
        await using RedisServer? redis = RedisServer.TryStart();
        if (redis is null)
        {
            output.WriteLine("redis-server is not installed: the replies were not compared.");
            return;
        }

        await using var host = new StringHost();
        var random = new Random(seed);
        await redis.RunAsync("RPUSH", "list", "x");
        host.PutOther("list");
        for (int i = 0; i < Commands; i++)
        {
            string[] command = Command(random);
            string expected = await redis.RunAsync(command);

            string reply = await host.RunAsync(command);

            Assert.True(
                expected == reply,
                $"seed {seed}, command {i}: {Shown(string.Join(' ', command))}\nredis {Shown(expected)}\nours  {Shown(reply)}");
        }
    }

    private static string[] Command(Random random)
    {
        string Key() => random.Next(30) == 0 ? "list" : "k" + random.Next(8);
        string Of(params string[] choices) => choices[random.Next(choices.Length)];
        string Small() => random.Next(-20, 140).ToString(CultureInfo.InvariantCulture);
        string Integer() => random.Next(8) switch
        {
            0 => Of("9223372036854775807", "-9223372036854775808", "9223372036854775806", "-9223372036854775807"),
            1 => Of("x", "", " 1", "1.5", "+1", "01", "9223372036854775808"),
            2 => random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture),
            _ => Small(),
        };
        string Number() => Of(Integer(), "1.5", "-2.25", "1e3", "0.1", "inf", "nan", "3.0e-5");
        string Bytes() => new([.. Enumerable.Range(0, random.Next(12)).Select(_ => (char)Of("\0", "\u00ff", "a", "b", "\u0001", "\u0080")[0])]);
        string Value() => random.Next(4) switch
        {
            0 => Integer(),
            1 => Number(),
            2 => new string((char)random.Next(256), random.Next(40) == 0 ? random.Next(200_000) : random.Next(60)),
            _ => Bytes(),
        };
        string Offset() => random.Next(12) switch
        {
            0 => Of("-1", "x", "4294967296", "#1", ""),
            1 => random.Next(1_000_000).ToString(CultureInfo.InvariantCulture),
            2 => "#" + random.Next(30),
            _ => random.Next(300).ToString(CultureInfo.InvariantCulture),
        };
        string FieldType() => random.Next(10) == 0 ? Of("u64", "i0", "i65", "x8", "u") : (random.Next(2) == 0 ? "u" + random.Next(1, 64) : "i" + random.Next(1, 65));
        IEnumerable<string> FieldOps(bool write)
        {
            for (int i = random.Next(4); i >= 0; i--)
            {
                IEnumerable<string> op = !write || random.Next(3) == 0 ? ["GET", FieldType(), Offset()]
                    : random.Next(4) == 0 ? ["OVERFLOW", Of("WRAP", "sat", "FAIL", "FAIL", "x")]
                    : [Of("SET", "incrby"), FieldType(), Offset(), Integer()];
                foreach (string part in op) yield return part;
            }
        }

        IEnumerable<string> Pairs() => Enumerable.Range(0, random.Next(1, 4)).SelectMany(_ => new[] { Key(), Value() });
        IEnumerable<string> Range() => random.Next(5) switch
        {
            0 => [],
            1 => [Small()],
            2 => [Integer(), Integer()],
            3 => [Small(), Small(), Of("BIT", "byte", "x")],
            _ => [Small(), Small()],
        };
        string[] SetOption() => random.Next(6) switch
        {
            0 => ["NX"],
            1 => ["xx"],
            2 => ["GET"],
            3 => ["KEEPTTL"],
            4 => [Of("EX", "PX"), Of("100000", "0", "-1", "x", "9223372036854775807")],
            _ => ["y"],
        };
        IEnumerable<string> SetOptions() => random.Next(3) > 0 ? [] : Enumerable.Range(0, random.Next(3)).SelectMany(_ => SetOption());
        return random.Next(31) switch
        {
            0 => ["GET", Key()],
            1 or 2 => ["SET", Key(), Value(), .. SetOptions()],
            3 => ["SETNX", Key(), Value()],
            4 => ["SETEX", Key(), Of("100000", "0", "x", "-5"), Value()],
            5 => ["PSETEX", Key(), Of("100000000", "0", "x", "9223372036854775807"), Value()],
            6 => ["GETSET", Key(), Value()],
            7 => ["GETDEL", Key()],
            8 => ["GETEX", Key(), .. random.Next(3) switch { 0 => new[] { "PERSIST" }, 1 => ["PXAT", "1"], _ => SetOption() }],
            9 => ["MGET", Key(), Key(), Key()],
            10 => ["MSET", .. Pairs(), .. random.Next(6) == 0 ? new[] { "odd" } : []],
            11 => ["MSETNX", .. Pairs()],
            12 => ["STRLEN", Key()],
            13 => ["APPEND", Key(), Value()],
            14 => ["GETRANGE", Key(), Integer(), Integer()],
            15 => ["SUBSTR", Key(), Small(), Small()],
            16 => ["SETRANGE", Key(), random.Next(8) == 0 ? Of("x", "-1", "536870912", "9223372036854775807") : random.Next(20) == 0 ? "150000" : random.Next(200).ToString(CultureInfo.InvariantCulture), Value()],
            17 => [Of("INCR", "DECR"), Key()],
            18 or 19 => [Of("INCRBY", "DECRBY"), Key(), Integer()],
            20 => ["INCRBYFLOAT", Key(), Number()],
            21 => ["LCS", Key(), Key(), .. random.Next(5) switch { 0 => new[] { "LEN" }, 1 => ["IDX"], 2 => ["IDX", "WITHMATCHLEN", "MINMATCHLEN", Small()], 3 => ["IDX", "LEN"], _ => [] }],
            22 => ["GETBIT", Key(), Offset()],
            23 or 24 => ["SETBIT", Key(), Offset(), Of("0", "1", "1", "2", "x")],
            25 => ["BITCOUNT", Key(), .. Range()],
            26 => ["BITPOS", Key(), Of("0", "1", "2", "x"), .. Range()],
            27 => ["BITOP", Of("AND", "or", "XOR", "NOT", "NAND"), Key(), Key(), .. Enumerable.Range(0, random.Next(3)).Select(_ => Key())],
            28 or 29 => ["BITFIELD", Key(), .. FieldOps(write: true)],
            _ => ["BITFIELD_RO", Key(), .. FieldOps(write: random.Next(10) == 0)],
        };
    }

    private static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (char c in text[..Math.Min(text.Length, 300)]) shown.Append(c is >= ' ' and < '\u007f' ? c.ToString() : $"\\x{(int)c:x2}");
        return shown.ToString();
    }

    private sealed class RedisServer : IAsyncDisposable
    {
        private readonly Process process;
        private readonly Socket socket;
        private readonly string directory;
        private byte[] buffer = new byte[1 << 20];

        private RedisServer(Process process, Socket socket, string directory) =>
            (this.process, this.socket, this.directory) = (process, socket, directory);

        public static RedisServer? TryStart()
        {
            string program = "/usr/bin/redis-server";
            if (!File.Exists(program)) return null;
            string directory = Directory.CreateTempSubdirectory("hal-redis-").FullName;
            string path = Path.Combine(directory, "redis.sock");
            var process = Process.Start(new ProcessStartInfo(
                program, ["--port", "0", "--unixsocket", path, "--save", "", "--dir", directory]) { RedirectStandardOutput = true })!;
            while (process.StandardOutput.ReadLine() is { } line && !line.Contains("ready to accept", StringComparison.OrdinalIgnoreCase))
            {
            }

            _ = process.StandardOutput.ReadToEndAsync();
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new(process, socket, directory);
        }

        /// <summary>The reply's bytes: PING is sent behind the command, and its reply is where this one ends.</summary>
        public async Task<string> RunAsync(params string[] args)
        {
            const string End = "$11\r\n<the end:)>\r\n";
            var request = new StringBuilder();
            foreach (string[] command in new[] { args, ["PING", "<the end:)>"] })
            {
                request.Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
                foreach (string arg in command) request.Append(CultureInfo.InvariantCulture, $"${arg.Length}\r\n{arg}\r\n");
            }

            byte[] bytes = Encoding.Latin1.GetBytes(request.ToString());
            for (int sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent));
            int length = 0;
            while (!buffer.AsSpan(0, length).EndsWith("$11\r\n<the end:)>\r\n"u8))
            {
                if (length == buffer.Length) Array.Resize(ref buffer, 2 * length);
                int read = await socket.ReceiveAsync(buffer.AsMemory(length));
                if (read == 0) throw new InvalidOperationException("Redis closed the connection.");
                length += read;
            }

            return Encoding.Latin1.GetString(buffer.AsSpan(0, length - End.Length));
        }

        public async ValueTask DisposeAsync()
        {
            socket.Dispose();
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            Directory.Delete(directory, recursive: true);
        }
    }
}
