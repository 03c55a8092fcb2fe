using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>Publishes keyspace events of the classes that are switched on. Thread-safe; costs one read of a field while none is.</summary>
internal sealed class KeyspaceNotifications(ChannelHub channels)
{
    private const EventClasses Channels = EventClasses.Keyspace | EventClasses.Keyevent;
    private volatile EventClasses classes;

    public EventClasses Classes
    {
        get => classes;
        set => classes = value;
    }

    /// <summary>Whether commands' events go anywhere.</summary>
    public bool IsOn => (classes & Channels) != 0;

    /// <summary>Whether misses are told of.</summary>
    public bool WantsMisses => (classes & EventClasses.KeyMiss) != 0 && IsOn;

    /// <summary>Whether events are wanted that only the store knows of: ends by expiry and eviction, new keys.</summary>
    public bool WantsChanges => (classes & (EventClasses.Expired | EventClasses.Evicted | EventClasses.New)) != 0 && IsOn;

    /// <summary>Tells of an event by Redis's name for it.</summary>
    /// <param name="running">The client on whose behalf this thread runs, 0 for none.</param>
    public void Tell(string name, ReadOnlySpan<byte> key, int database, long running)
    {
        EventClasses wanted = classes;
        if ((wanted & EventNames.ClassOf(name)) == 0 || channels.IsEmpty) return;
        byte[] text = Encoding.ASCII.GetBytes(name);
        if ((wanted & EventClasses.Keyspace) != 0) channels.Publish([.. Prefix("keyspace", database), .. key], text, running);
        if ((wanted & EventClasses.Keyevent) != 0) channels.Publish([.. Prefix("keyevent", database), .. text], key, running);
    }

    /// <summary>Tells of a change that the store knows of and commands do not.</summary>
    public void Tell(in BlobKey key, KeyChange change, long running)
    {
        string? name = change switch
        {
            KeyChange.Added => "new",
            KeyChange.Expired => "expired",
            KeyChange.Evicted => "evicted",
            _ => null,
        };
        if (name is not null) Tell(name, key.Bytes, key.Database, running);
    }

    private static byte[] Prefix(string kind, int database) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"__{kind}@{database}__:"));
}
