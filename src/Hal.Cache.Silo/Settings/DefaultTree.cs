using System.Net;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.Silo.Settings;

/// <summary>
/// What a silo starts that is told nothing of an instance: a root, a branch and a leaf on loopback, which share what one instance would
/// take. A setting that describes one instance (<see cref="OfOneInstance"/>) starts that one instead.
/// </summary>
internal static class DefaultTree
{
    /// <summary>Settings that say where, or how large, one instance is, or which part of a tree.</summary>
    public static readonly string[] OfOneInstance =
        ["name", "listen", "data", "memory", "disk", "policy", "role", "parent", "root", "roots", "peer", "cluster-secret", "control-plane"];

    // The root has all of the data set, the others copies of what is read through them: it gets half, they a quarter each.
    private static readonly Seat[] Seats =
    [
        new("root", InstanceRole.Root, "", 6379, 2, "noeviction"),
        new("branch", InstanceRole.Branch, "root", 6380, 4, "s3fifo"),
        new("leaf", InstanceRole.Leaf, "branch", 6381, 4, "s3fifo"),
    ];

    /// <summary>Puts options that hold the settings of all instances into the tree's places, by number.</summary>
    public static void Place(SiloOptions options, int number)
    {
        var seat = Seats[number];
        options.Name = seat.Name;
        options.Role = seat.Role;
        options.Parent = seat.Parent;
        (options.Listen, options.ListenAlso) = (new IPEndPoint(IPAddress.Loopback, seat.Port), []);
        options.Policy = seat.Policy;
        options.MemoryBytes = SiloOptions.MemoryDefaultBytes / seat.Part;
        if (seat.Role != InstanceRole.Root) options.Origins = []; // the others read them through the root
    }

    /// <summary>Divides the disk, once it is known where each instance's data goes: half, a quarter, a quarter, but at least <see cref="SiloOptions.DiskMinBytes"/> each.</summary>
    public static void DivideDisk(IReadOnlyList<SiloOptions> instances)
    {
        var total = DataLocation.DefaultDiskBytes([.. instances.Select(i => i.Data)]);
        for (var i = 0; i < instances.Count; i++) instances[i].DiskBytes = Math.Max(SiloOptions.DiskMinBytes, total / Seats[i].Part >> 20 << 20);
    }

    /// <summary>Instances of the tree.</summary>
    public static int Count => Seats.Length;

    private sealed record Seat(string Name, InstanceRole Role, string Parent, int Port, int Part, string Policy);
}
