using System.Text;

namespace Hal.Cache.Gateway.Acl;

/// <summary>The file of users that an operator names: read at the start and by ACL LOAD, written as a whole by ACL SAVE.</summary>
internal sealed class AclFile(string path)
{
    /// <summary>Reads the users; what is wrong, else null.</summary>
    public string? TryLoad(AclUsers users)
    {
        try
        {
            if (new FileInfo(path).Length > AclLimits.FileBytesMax) return $"Error loading ACLs, '{path}' is longer than {AclLimits.FileBytesMax} bytes";
            return users.TryLoad(path, File.ReadAllLines(path, Encoding.Latin1));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"Error loading ACLs, opening file '{path}': {e.Message}";
        }
    }

    /// <summary>Writes the users beside the file, and puts that in its place once it is on disk; false where that failed.</summary>
    public bool TrySave(AclUsers users)
    {
        string beside = $"{path}.tmp-{Environment.ProcessId}";
        try
        {
            using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write))
            {
                if (!OperatingSystem.IsWindows() && File.Exists(path))
                    File.SetUnixFileMode(file.SafeFileHandle, File.GetUnixFileMode(path)); // who may not read the passwords' hashes may not after it either
                file.Write(Encoding.Latin1.GetBytes(string.Concat(users.Describe().Select(line => line + "\n"))));
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
