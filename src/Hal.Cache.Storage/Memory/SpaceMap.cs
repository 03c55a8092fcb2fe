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
    private readonly bool[] held = new bool[SpacesMax];
    private bool holdsAny;

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

    /// <summary>Whether the space's entries may go: it is no database's, and no change that has yet to end made it so.</summary>
    public bool IsGone(int space) => databaseOf[space] < 0 && !held[space];

    /// <summary>
    /// False where every other space is still being emptied. What is held stays until <see cref="TryLetGo"/>: a crash before that leaves the database as it was.
    /// </summary>
    public bool TryRenew(int database, bool holds)
    {
        for (int space = 0; space < SpacesMax; space++)
        {
            if (databaseOf[space] >= 0 || draining[space] || held[space])
                continue;
            (holds ? held : draining)[spaceOf[database]] = true;
            holdsAny |= holds;
            databaseOf[spaceOf[database]] = -1;
            spaceOf[database] = (ushort)space;
            databaseOf[space] = (short)database;
            return true;
        }

        return false;
    }

    /// <summary>Whether there are spaces to be emptied that were held until now.</summary>
    public bool TryLetGo()
    {
        if (!holdsAny)
            return false;
        for (int space = 0; space < SpacesMax; space++)
        {
            draining[space] |= held[space];
            held[space] = false;
        }

        holdsAny = false;
        return true;
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

    /// <summary>Whether a saved map has the space.</summary>
    public static bool Has(ReadOnlySpan<byte> saved, int space) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(saved).Contains((ushort)space);

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
