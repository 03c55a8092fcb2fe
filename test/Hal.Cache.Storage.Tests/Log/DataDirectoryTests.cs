using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Open_keeps_the_identity_that_it_made()
    {
        string id;
        uint seed;
        using (var made = DataDirectory.Open(temp.Sub("a")).Value)
        {
            (id, seed) = (made.StoreId, made.Seed);
            Assert.False(made.HasLog);
            made.NoteLog();
        }

        using var again = DataDirectory.Open(temp.Sub("a")).Value;

        Assert.Equal((id, seed, true), (again.StoreId, again.Seed, again.HasLog));
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(temp.Sub("a"), "hal-store.json")));
        Assert.Equal(2, json.RootElement.GetProperty("format").GetInt32());
    }

    [Fact]
    public void Open_fails_with_Refused_naming_both_formats()
    {
        Directory.CreateDirectory(temp.Sub("a"));
        File.WriteAllText(Path.Combine(temp.Sub("a"), "hal-store.json"), """{ "format": 7, "id": 12, "else": true }""");

        var opened = DataDirectory.Open(temp.Sub("a"));

        Assert.Equal(CacheErrorCode.Refused, opened.Error?.Code);
        Assert.Contains("format 7", opened.Error!.Message, StringComparison.Ordinal);
        Assert.Contains("format 2", opened.Error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{ "format": 2 }""")]
    [InlineData("null")]
    public void Open_fails_with_Corrupt_when_the_store_file_is_unreadable(string content)
    {
        Directory.CreateDirectory(temp.Sub("a"));
        File.WriteAllText(Path.Combine(temp.Sub("a"), "hal-store.json"), content);

        Assert.Equal(CacheErrorCode.Corrupt, DataDirectory.Open(temp.Sub("a")).Error?.Code);
    }

    [Fact]
    public void Open_fails_with_Corrupt_when_a_log_has_lost_its_store_file()
    {
        Directory.CreateDirectory(Path.Combine(temp.Sub("a"), "log"));

        Assert.Equal(CacheErrorCode.Corrupt, DataDirectory.Open(temp.Sub("a")).Error?.Code);
    }

    [Fact]
    public void Open_fails_with_Busy_naming_the_process_and_succeeds_after_it()
    {
        using (DataDirectory.Open(temp.Sub("a")).Value)
        {
            var second = DataDirectory.Open(temp.Sub("a"));
            Assert.Equal(CacheErrorCode.Busy, second.Error?.Code);
            Assert.Contains($"in use by process {Environment.ProcessId}.", second.Error!.Message, StringComparison.Ordinal);
        }

        using var third = DataDirectory.Open(temp.Sub("a")).Value;
        Assert.Equal(temp.Sub("a"), third.Path);
    }

    [Fact]
    public void Open_fails_with_Unavailable_where_no_directory_can_be()
    {
        File.WriteAllText(temp.Sub("file"), "");

        var opened = DataDirectory.Open(Path.Combine(temp.Sub("file"), "data"));

        Assert.Equal(CacheErrorCode.Unavailable, opened.Error?.Code);
        Assert.Contains(temp.Sub("file"), opened.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_fails_with_Unavailable_when_the_directory_is_not_writable()
    {
        // Permissions do not hold root back; the kernel's own file system does.
        var path = "/proc/self/fdinfo";
        if (!Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows())
            Directory.CreateDirectory(path = temp.Sub("a"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var opened = DataDirectory.Open(path);

        Assert.Equal(CacheErrorCode.Unavailable, opened.Error?.Code);
        Assert.Contains("can't be written", opened.Error!.Message, StringComparison.Ordinal);
    }
}
