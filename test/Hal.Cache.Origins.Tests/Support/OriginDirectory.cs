using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.FileSystem;

namespace Hal.Cache.Origins.Tests.Support;

/// <summary>A temporary directory with an origin's root in it and room beside the root, for what must stay out of reach.</summary>
internal sealed class OriginDirectory : IDisposable
{
    public OriginDirectory()
    {
        Base = Directory.CreateTempSubdirectory("hal-origin-").FullName;
        Root = Path.Combine(Base, "root");
        Outside = Path.Combine(Base, "root-outside"); // its path begins as the root's does
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory(Outside);
    }

    public string Base { get; }

    public string Root { get; }

    public string Outside { get; }

    public string In(string path) => Path.Combine(Root, path);

    public string Write(string path, byte[] content) => Write(Root, path, content);

    public string Write(string path, string content) => Write(Root, path, Encoding.UTF8.GetBytes(content));

    public string WriteOutside(string path, string content) => Write(Outside, path, Encoding.UTF8.GetBytes(content));

    /// <summary>Puts a file in the place of another by rename, as careful programs do.</summary>
    public void Replace(string path, byte[] content) => File.Move(Write(Base, "next", content), MakeParent(In(path)), overwrite: true);

    public FileSystemOrigin Open(TimeProvider? time = null, IBeneathOpener? opener = null, Action<FileSystemOriginOptions>? set = null)
    {
        var options = new FileSystemOriginOptions { Directory = Root };
        set?.Invoke(options);
        var origin = FileSystemOrigin.Create(options, time ?? TimeProvider.System, opener);
        Assert.True(origin.IsOk, origin.ToString());
        return origin.Value;
    }

    public void Dispose() => Directory.Delete(Base, recursive: true);

    /// <summary>The whole object, or why it can't be had.</summary>
    public static async Task<Result<byte[]>> ReadAsync(IOrigin origin, byte[] path, OriginObject? expected = null)
    {
        var opened = await origin.OpenAsync(path, expected, CancellationToken.None);
        if (!opened.IsOk)
        {
            return opened.Error;
        }

        await using var reader = opened.Value;
        var content = new byte[reader.Opened.Length];
        var read = await reader.ReadAsync(0, content, CancellationToken.None);
        return read.IsOk ? content[..read.Value] : read.Error;
    }

    public static Task<Result<byte[]>> ReadAsync(IOrigin origin, string path) => ReadAsync(origin, Encoding.UTF8.GetBytes(path));

    public static async Task<string> TextAsync(IOrigin origin, string path)
    {
        var read = await ReadAsync(origin, path);
        return read.IsOk ? Encoding.UTF8.GetString(read.Value) : read.Error.Code.ToString();
    }

    private static string Write(string directory, string path, byte[] content)
    {
        var full = MakeParent(Path.Combine(directory, path));
        File.WriteAllBytes(full, content);
        return full;
    }

    private static string MakeParent(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return file;
    }
}
