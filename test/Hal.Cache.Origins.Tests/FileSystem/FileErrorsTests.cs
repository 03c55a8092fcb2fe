using System.Runtime.Versioning;
using Hal.Cache.Contracts;
using Hal.Cache.Origins.FileSystem;
using Hal.Cache.Origins.FileSystem.Linux;
using Hal.Cache.Origins.Tests.Support;
using Xunit.Abstractions;

namespace Hal.Cache.Origins.Tests.FileSystem;

public sealed class FileErrorsTests(ITestOutputHelper output) : IDisposable
{
    private readonly OriginDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(Errno.NoEntry, CacheErrorCode.NotFound)]
    [InlineData(Errno.NotDirectory, CacheErrorCode.NotFound)]
    [InlineData(Errno.Access, CacheErrorCode.Refused)]
    [InlineData(Errno.NotPermitted, CacheErrorCode.Refused)]
    [InlineData(Errno.CrossDevice, CacheErrorCode.Refused)]
    [InlineData(Errno.Loop, CacheErrorCode.Refused)]
    [InlineData(Errno.ProcessFiles, CacheErrorCode.Busy)]
    [InlineData(Errno.SystemFiles, CacheErrorCode.Busy)]
    [InlineData(Errno.InputOutput, CacheErrorCode.Unavailable)]
    [InlineData(Errno.Stale, CacheErrorCode.Changed)]
    [InlineData(12345, CacheErrorCode.Unavailable)]
    public void An_error_number_has_a_code_and_a_message_with_the_path(int errno, CacheErrorCode code)
    {
        var error = FileErrors.Of(errno, "dir/file"u8);

        Assert.Equal(code, error.Code);
        Assert.StartsWith("origin path 'dir/file' ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Openers.All), MemberType = typeof(Openers))]
    [SupportedOSPlatform("linux")]
    public void A_file_of_another_user_can_not_be_opened_for_reading(string opener)
    {
        const uint Nobody = 65_534;
        File.SetUnixFileMode(directory.Root, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(directory.Base, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(directory.Write("private", "inside"), UnixFileMode.None);
        using var root = RootDirectory.Open(directory.Root, TimeProvider.System).Value;
        var errno = -1;

        // Root may read everything: take a thread of its own, which ends without root's rights.
        var thread = new Thread(() =>
        {
            _ = Libc.SetFileUser(Nobody);
            using var file = Openers.Make(opener).Open(root.Get().Value, "private\0"u8, readable: true, out errno);
        });
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromSeconds(30)));

        Assert.Equal(Errno.Access, errno);
    }

    [Fact]
    public async Task A_file_with_fewer_bytes_than_it_claims_is_Unavailable()
    {
        // Files of /sys claim a page each.
        const string Sys = "/sys/kernel", Name = "mm/transparent_hugepage/enabled";
        if (!File.Exists(Path.Combine(Sys, Name)))
        {
            output.WriteLine("Not shown here: this kernel has not the file of /sys that is read.");
            return;
        }

        using var origin = directory.Open(set: options => options.Directory = Sys);

        Assert.Equal(nameof(CacheErrorCode.Unavailable), await OriginDirectory.TextAsync(origin, Name));
    }
}
