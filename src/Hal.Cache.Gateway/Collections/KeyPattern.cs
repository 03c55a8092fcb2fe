using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Collections;

/// <summary>A pattern of SORT: a key with an element in place of its '*', and perhaps a field of the hash there; '#' is the element itself.</summary>
internal sealed class KeyPattern
{
    private readonly bool isElement;
    private readonly byte[]? before;
    private readonly byte[] behind = [];
    private readonly byte[]? field;

    public KeyPattern(ReadOnlySpan<byte> text)
    {
        isElement = text.SequenceEqual("#"u8);
        int star = text.IndexOf((byte)'*');
        if (star < 0) return;
        before = text[..star].ToArray();
        ReadOnlySpan<byte> rest = text[(star + 1)..];
        int arrow = rest.IndexOf("->"u8);
        if (arrow >= 0 && arrow + 2 < rest.Length)
        {
            field = rest[(arrow + 2)..].ToArray();
            rest = rest[..arrow];
        }

        behind = rest.ToArray();
    }

    /// <summary>Whether there are keys that it names, for one element or another.</summary>
    public bool NamesKeys => before is not null;

    /// <summary>What stands before the '*'.</summary>
    public ReadOnlySpan<byte> Before => before;

    /// <summary>Whether a hash tag stands before the '*', so that the slot of all its keys is that of what stands there.</summary>
    public bool IsTagged
    {
        get
        {
            int open = Before.IndexOf((byte)'{');
            return open >= 0 && Before[(open + 1)..].IndexOf((byte)'}') > 0;
        }
    }

    /// <summary>What the pattern names for an element, null where there is nothing; false where a value has to be waited for. Needs all locks.</summary>
    public bool TryGet(CommandContext c, byte[] element, out byte[]? value)
    {
        value = isElement ? element : null;
        if (before is null) return true;
        byte[] name = [.. before, .. element, .. behind];
        if (name.Length > BlobKey.BytesMax) return true;
        if (!c.TryFind(new BlobKey(c.Client.Database, name, c.Store.Hash(name)), Need.Value, out EntryRef entry)) return false;
        if (entry.IsNone) return true;
        if (field is not null)
        {
            Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
            if (!entry.IsObject || c.Store.Object(entry) is not HashValue hash) return true;
            if (hash.HasTimes) hash.LookAt(c.Now);
            if (hash.TryGet(field, scratch, out ReadOnlySpan<byte> found)) value = found.ToArray();
        }
        else if (entry.Type == BlobType.String)
        {
            value = entry.IsLarge ? Large(c.Store.Large(entry)) : entry.Value.ToArray();
        }

        return true;
    }

    // Only what is in memory: such a value is no weight, and a sort does not wait for each.
    private static byte[]? Large(ILargeValue large)
    {
        if (large.Length > GatewayLimits.MaterialisedArgBytesMax) return null;
        byte[] bytes = new byte[large.Length];
        for (int done = 0; done < bytes.Length;)
        {
            int read = large.TryRead(done, bytes.AsSpan(done));
            if (read == 0) return null;
            done += read;
        }

        return bytes;
    }
}
