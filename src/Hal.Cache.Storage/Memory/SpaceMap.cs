using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Memory;

/// <summary>
/// Which space holds which database. Emptying a database gives it a new space, and exchanging two exchanges their spaces, both at once
/// however many keys there are; the entries of a space without a database are removed in the background.
/// Read under any shard's lock, changed under all of them.
/// </summary>
internal sealed class SpaceMap
{
    /// <summary>Spaces in all, those that are still being emptied included.</summary>
    public const int SpacesMax = 1024;

    private readonly ushort[] spaceOf = new ushort[IBlobStore.Databases];
    private readonly short[] databaseOf = new short[SpacesMax];
    private readonly bool[] draining = new bool[SpacesMax];

    public SpaceMap()
    {
        Array.Fill(databaseOf, (short)-1);
        for (int database = 0; database < spaceOf.Length; database++)
            (spaceOf[database], databaseOf[database]) = ((ushort)database, (short)database);
    }

    public ushort SpaceOf(int database) => spaceOf[database];

    /// <summary>-1 for a space whose entries are gone for clients.</summary>
    public int DatabaseOf(int space) => databaseOf[space];

    public bool IsDraining(int space) => draining[space];

    /// <summary>False where every other space is still being emptied.</summary>
    public bool TryRenew(int database)
    {
        for (int space = 0; space < SpacesMax; space++)
        {
            if (databaseOf[space] >= 0 || draining[space])
                continue;
            draining[spaceOf[database]] = true;
            databaseOf[spaceOf[database]] = -1;
            spaceOf[database] = (ushort)space;
            databaseOf[space] = (short)database;
            return true;
        }

        return false;
    }

    public void Swap(int first, int second)
    {
        (spaceOf[first], spaceOf[second]) = (spaceOf[second], spaceOf[first]);
        databaseOf[spaceOf[first]] = (short)first;
        databaseOf[spaceOf[second]] = (short)second;
    }

    public void Drained(int space) => draining[space] = false;

    public byte[] Save()
    {
        var bytes = new byte[spaceOf.Length * sizeof(ushort)];
        Buffer.BlockCopy(spaceOf, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    /// <summary>Whether a saved map gives a database a space that is nobody's now, though it has entries.</summary>
    public bool WouldMap(ReadOnlySpan<byte> saved, Shard[] shards)
    {
        for (int database = 0; database < spaceOf.Length; database++)
        {
            int space = BitConverter.ToUInt16(saved[(database * sizeof(ushort))..]);
            if (databaseOf[space] < 0 && Array.Exists(shards, shard => shard.KeysBySpace[space] > 0))
                return true;
        }

        return false;
    }

    /// <summary>Takes over a saved map; entries of spaces that it does not name are to be dropped.</summary>
    public void Load(ReadOnlySpan<byte> bytes)
    {
        Array.Fill(databaseOf, (short)-1);
        for (int database = 0; database < spaceOf.Length; database++)
        {
            spaceOf[database] = BitConverter.ToUInt16(bytes[(database * sizeof(ushort))..]);
            databaseOf[spaceOf[database]] = (short)database;
        }
    }
}
