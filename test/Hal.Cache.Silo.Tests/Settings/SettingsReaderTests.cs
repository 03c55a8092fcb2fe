using Hal.Cache.Silo.Settings;

namespace Hal.Cache.Silo.Tests.Settings;

public sealed class SettingsReaderTests : SiloHome
{
    [Fact]
    public void Defaults_are_the_documented_ones()
    {
        var options = Read([], []);

        Assert.Equal("local", options.Name);
        Assert.Equal("127.0.0.1:6379", options.Listen.ToString());
        Assert.Equal("127.0.0.1:8080", options.Http.ToString());
        Assert.Equal(Path.Combine(Home, ".local/share/hal-cache/local"), options.Data);
        Assert.Equal(512L << 20, options.MemoryBytes);
        Assert.InRange(options.DiskBytes, SiloOptions.DiskMinBytes, SiloOptions.DiskDefaultMaxBytes);
        Assert.Equal("noeviction", options.Policy);
        Assert.Equal(Durability.Commit, options.Durability);
        Assert.Empty(options.Origins);
        Assert.Null(options.RequirePass);
    }

    [Fact]
    public void The_command_line_goes_over_the_environment_and_that_over_the_file()
    {
        var file = Write("c.json", """{ "memory": "101mb", "POLICY": "lru", "name": "file", "disk": 268435456, /* all of it */ }""");

        var options = Read([("config", [file]), ("memory", ["103mb"])], [("HAL_MEMORY", "102mb"), ("HAL_NAME", "environment")]);

        Assert.Equal(103L << 20, options.MemoryBytes);
        Assert.Equal("environment", options.Name);
        Assert.Equal("lru", options.Policy);
        Assert.Equal(256L << 20, options.DiskBytes);
    }

    [Fact]
    public void The_file_may_be_named_by_the_environment()
    {
        var file = Write("c.json", """{ "name": "file" }""");

        Assert.Equal("file", Read([], [("HAL_CONFIG", file)]).Name);
    }

    [Fact]
    public void Origins_come_as_a_list_from_the_highest_place_that_has_any()
    {
        var file = Write("c.json", """{ "origin": ["a/=file:///a", "b/=file:///b"] }""");

        Assert.Equal(["a/=file:///a", "b/=file:///b"], Read([("config", [file])], []).Origins);
        Assert.Equal(["c/=file:///c"], Read([("config", [file])], [("HAL_ORIGIN", "c/=file:///c")]).Origins);
        Assert.Equal(
            ["d/=file:///d", "e/=file:///e?freshness=ttl&seconds=5"],
            Read([("config", [file])], [("HAL_ORIGIN__0", "d/=file:///d"), ("HAL_ORIGIN__1", "e/=file:///e?freshness=ttl&seconds=5")]).Origins);
        Assert.Equal(["f/=file:///f"], Read([("config", [file]), ("origin", ["f/=file:///f"])], [("HAL_ORIGIN", "c/=file:///c")]).Origins);
    }

    [Fact]
    public void Clients_may_connect_at_several_addresses_each_by_the_rules_of_one()
    {
        var options = Read([("listen", ["127.0.0.1:0", "[::1]:6390", "127.0.0.2:6390"])], []);

        Assert.Equal(["127.0.0.1:0", "[::1]:6390", "127.0.0.2:6390"], options.Listens.Select(one => one.ToString()));
        Assert.Equal("--listen is '10.0.0.1:6390'; it must be a loopback address as long as requirepass is not set", Refused("127.0.0.1:6379", "10.0.0.1:6390"));
        Assert.StartsWith("--listen is '[::1]:0'; it must be HOST:PORT", Refused("127.0.0.1:6379", "[::1]:0"), StringComparison.Ordinal);
        Assert.StartsWith("--listen is '[::1]:1'; it must be HOST:PORT", Refused("[::1]:1", "[::1]:1"), StringComparison.Ordinal);

        string Refused(params string[] addresses) => Error([("listen", addresses)], []);
    }

    [Fact]
    public void The_data_directory_follows_XDG_and_the_name()
    {
        Assert.Equal("/x/hal-cache/n", Read([("name", ["n"])], [("XDG_DATA_HOME", "/x")]).Data);
        Assert.Equal(Path.Combine(Home, ".local/share/hal-cache/local"), Read([], [("XDG_DATA_HOME", "relative")]).Data);
        Assert.Equal("--data must be given, because neither XDG_DATA_HOME nor HOME is an absolute path", Error([], [("HOME", "")]));
    }

    [Fact]
    public void What_the_directory_holds_counts_as_free_for_the_default_of_disk()
    {
        var before = DataLocation.DefaultDiskBytes(Home);
        Directory.CreateDirectory(Path.Combine(Home, "d"));
        Write("d/large", new string('x', 4 << 20));

        // Equal but for what others do to the same disk meanwhile.
        Assert.InRange(DataLocation.DefaultDiskBytes(Path.Combine(Home, "d", "missing", "below")), SiloOptions.DiskMinBytes, SiloOptions.DiskDefaultMaxBytes);
        Assert.InRange(before, SiloOptions.DiskMinBytes, SiloOptions.DiskDefaultMaxBytes);
    }

    [Fact]
    public void Disk_0_keeps_data_in_memory_only()
    {
        var options = Read([("disk", ["0"])], []);

        Assert.True(options.MemoryOnly);
        Assert.Equal(Durability.None, options.Durability);
        Assert.Equal("--durability is 'commit'; it must be none where disk is 0", Error([("disk", ["0"]), ("durability", ["commit"])], []));
    }

    [Theory]
    [InlineData("name", "")]
    [InlineData("name", "a/b")]
    [InlineData("name", "..")]
    [InlineData("listen", "6379")]
    [InlineData("http", "localhost:http")]
    [InlineData("data", "/no/such/parent")]
    [InlineData("data", "/etc/passwd")]
    [InlineData("memory", "63mb")]
    [InlineData("memory", "much")]
    [InlineData("disk", "255mb")]
    [InlineData("disk", "-1")]
    [InlineData("policy", "fifo")]
    [InlineData("origin", "imagenet/")]
    [InlineData("origin", "=file:///x")]
    [InlineData("origin", "imagenet/=data")]
    [InlineData("durability", "always")]
    [InlineData("log-level", "loud")]
    public void A_bad_value_is_named_with_its_setting_and_rule_wherever_it_comes_from(string name, string value)
    {
        var rule = SiloSettings.All.Single(s => s.Name == name).Rule;
        var file = Write("c.json", $$"""{ "{{name}}": "{{value}}" }""");
        var variable = $"HAL_{name.ToUpperInvariant().Replace('-', '_')}";

        Assert.Equal($"--{name} is '{value}'; it {rule}", Error([(name, [value])], []));
        Assert.Equal($"{variable} is '{value}'; it {rule}", Error([], [(variable, value)]));
        Assert.Equal($"{name} in {file} is '{value}'; it {rule}", Error([("config", [file])], []));
    }

    [Theory]
    [InlineData("""{ "memry": "1gb" }""", "memry in * is not known")]
    [InlineData("""{ "config": "x" }""", "config in * is not known")]
    [InlineData("""{ "memory": { "a": 1 } }""", "memory in * must be a single value")]
    [InlineData("""{ "memory": ["1gb"] }""", "memory in * must be a single value")]
    [InlineData("""{ "origin": [["x"]] }""", "origin in * must be a value or an array of values")]
    [InlineData("""{ "memory": "1gb", "Memory": "2gb" }""", "--config is '*'; it must be a JSON object of settings")]
    [InlineData("""[ 1 ]""", "--config is '*'; it must be a JSON object of settings")]
    [InlineData("""{ "memory": """, "--config is '*'; it must be a JSON object of settings")]
    [InlineData("", "--config is '*'; it must be a JSON object of settings")]
    public void A_bad_file_is_refused(string json, string error)
    {
        var file = Write("c.json", json);

        Assert.StartsWith(error.Replace("*", file, StringComparison.Ordinal), Error([("config", [file])], []), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_a_directory_or_too_large_is_refused()
    {
        Assert.Equal("--config is '/no/such'; it must be a file that can be read", Error([("config", ["/no/such"])], []));
        Assert.Equal($"HAL_CONFIG is '{Home}'; it must be a file that can be read", Error([], [("HAL_CONFIG", Home)]));
        var large = Write("large.json", "{" + new string(' ', (int)SettingsSource.FileBytesMax) + "}");
        Assert.Equal($"--config is '{large}'; it must be a file of at most 1mb", Error([("config", [large])], []));
        Assert.Equal("--config is '/dev/zero'; it must be a file of at most 1mb", Error([("config", ["/dev/zero"])], []));
    }

    [Fact]
    public void One_file_is_read_and_a_second_one_is_refused()
    {
        var file = Write("c.json", "{}");

        Assert.Equal($"--config is '{file}, {file}'; it must be given once", Error([("config", [file, file])], []));
    }

    [Fact]
    public void Keys_of_the_file_are_read_in_any_case()
    {
        var file = Write("c.json", """{ "Instances": [ { "NAME": "a" } ] }""");

        Assert.Equal("a", Read([("config", [file])], []).Instances.Single().Name);
    }

    [Theory]
    [InlineData("listen")]
    [InlineData("http")]
    public void An_address_beyond_loopback_needs_a_password(string name)
    {
        Assert.Equal($"--{name} is '0.0.0.0:1'; it must be a loopback address as long as requirepass is not set", Error([(name, ["0.0.0.0:1"])], []));
        Assert.Equal("s", Read([(name, ["0.0.0.0:1"]), ("requirepass", ["s"])], []).RequirePass);
    }

    [Fact]
    public void Two_listeners_need_two_ports()
    {
        Assert.Equal("--http is '127.0.0.1:6379'; it must differ from listen", Error([("http", ["127.0.0.1:6379"])], []));
        Assert.Equal(0, Read([("http", ["127.0.0.1:0"]), ("listen", ["127.0.0.1:0"])], []).Http.Port);
    }

    [Fact]
    public void An_error_is_one_line_and_does_not_tell_the_password()
    {
        Assert.Equal($"--name is 'a b'; it {SiloSettings.All.Single(s => s.Name == "name").Rule}", Error([("name", ["a\nb"])], []));
        var secret = new string('x', SiloSettings.SecretBytesMax + 1);
        Assert.DoesNotContain("xxx", Error([("requirepass", [secret])], []), StringComparison.Ordinal);
    }

    private SiloOptions Read((string, string[])[] given, (string Name, string Value)[] environment) =>
        Read(given, environment, out var error) ?? throw new InvalidOperationException($"{error}");

    private string Error((string, string[])[] given, (string, string)[] environment)
    {
        Assert.Null(Read(given, environment, out var error));
        return error!.ToString();
    }

    private SiloOptions? Read((string Name, string[] Values)[] given, (string Name, string Value)[] environment, out SettingError? error) =>
        SettingsReader.Read(
            given.ToDictionary(g => g.Name, g => (IReadOnlyList<string>)g.Values),
            name => environment.Append(("HOME", Home)).FirstOrDefault(e => e.Item1 == name).Item2,
            out error);
}
