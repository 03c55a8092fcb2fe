using System.Net.Sockets;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Origins.Tests.Support;
using Xunit.Abstractions;

namespace Hal.Cache.Origins.Tests.FileSystem;

public sealed class SpecialFileTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan BlockedAfter = TimeSpan.FromSeconds(20);
    private readonly OriginDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [MemberData(nameof(Openers.All), MemberType = typeof(Openers))]
    public async Task A_directory_is_NotFound(string opener)
    {
        directory.Write("dir/file", "inside");

        await AssertAnswersAsync(opener, "dir", CacheErrorCode.NotFound);
    }

    [Theory]
    [MemberData(nameof(Openers.All), MemberType = typeof(Openers))]
    public async Task A_path_through_a_file_is_NotFound(string opener)
    {
        directory.Write("file", "inside");

        await AssertAnswersAsync(opener, "file/more", CacheErrorCode.NotFound);
    }

    [Theory]
    [MemberData(nameof(Openers.All), MemberType = typeof(Openers))]
    public async Task A_fifo_is_Refused_and_does_not_block(string opener)
    {
        Assert.Equal(0, Libc.MakeFifo(directory.In("fifo"), 0x1B6));

        await AssertAnswersAsync(opener, "fifo", CacheErrorCode.Refused);
    }

    [Theory]
    [MemberData(nameof(Openers.All), MemberType = typeof(Openers))]
    public async Task A_socket_is_Refused(string opener)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(directory.In("socket")));

        await AssertAnswersAsync(opener, "socket", CacheErrorCode.Refused);
    }

    [Theory]
    [MemberData(nameof(Openers.All), MemberType = typeof(Openers))]
    public async Task A_device_is_Refused(string opener)
    {
        const ulong Null = (1 << 8) | 3;
        if (Libc.MakeNode(directory.In("device"), Libc.CharacterDevice | 0x1B6, Null) != 0)
        {
            output.WriteLine("Not shown here: this user may not make devices.");
            return;
        }

        await AssertAnswersAsync(opener, "device", CacheErrorCode.Refused);
    }

    private async Task AssertAnswersAsync(string opener, string path, CacheErrorCode code)
    {
        using var origin = directory.Open(opener: Openers.Make(opener));
        var bytes = Encoding.UTF8.GetBytes(path);

        var stat = await origin.StatAsync(bytes, CancellationToken.None).AsTask().WaitAsync(BlockedAfter);
        var open = await origin.OpenAsync(bytes, null, CancellationToken.None).AsTask().WaitAsync(BlockedAfter);
        var expected = await origin.OpenAsync(bytes, new(0, 0), CancellationToken.None).AsTask().WaitAsync(BlockedAfter);

        Assert.All([stat.Error, open.Error, expected.Error], error => Assert.Equal(code, error?.Code));
    }
}
