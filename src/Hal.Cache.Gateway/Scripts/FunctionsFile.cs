using Hal.Cache.Contracts;

namespace Hal.Cache.Gateway.Scripts;

/// <summary>The file that keeps the libraries of functions: what FUNCTION DUMP gives, whole or not at all.</summary>
internal sealed class FunctionsFile(string path)
{
    public string Path => path;

    /// <summary>Reads the libraries' texts, none where there is no file; what is wrong, else null.</summary>
    public string? TryLoad(out List<byte[]> codes)
    {
        codes = [];
        try
        {
            if (!File.Exists(path)) return null;
            return FunctionPayload.TryRead(File.ReadAllBytes(path), out codes) is { } wrong ? $"{path} can't be read: {wrong}" : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{path} can't be read: {e.Message}";
        }
    }

    /// <summary>Writes the libraries beside the file, and puts that in its place once it is on disk; the error where that failed.</summary>
    public string? TrySave(IReadOnlyCollection<FunctionLibrary> libraries)
    {
        string beside = path + ".new";
        try
        {
            using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                file.Write(FunctionPayload.Write(libraries));
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return RespErrors.Of(new CacheError(CacheErrorCode.Unavailable, $"the functions can't be kept: {e.Message}"));
        }
    }
}
