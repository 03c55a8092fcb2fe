using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.PubSub.Relay;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>
/// Publishes keyspace events of the classes that are switched on, here or at other instances of the tree. Thread-safe; costs one read of a
/// field while none is.
/// </summary>
internal sealed class KeyspaceNotifications(ChannelHub channels)
{
    private readonly Lock gate = new();
    private volatile EventClasses classes;
    private volatile EventClasses wanted;
    private EventClasses elsewhere;

    /// <summary>Classes that this instance's subscribers hear of: <c>notify-keyspace-events</c>.</summary>
    public EventClasses Classes
    {
        get => classes;
        set
        {
            lock (gate)
            {
                classes = value;
                wanted = value | elsewhere;
            }
        }
    }

    /// <summary>Classes that other instances ask for.</summary>
    public EventClasses Elsewhere
    {
        set
        {
            lock (gate)
            {
                elsewhere = value;
                wanted = classes | value;
            }
        }
    }

    /// <summary>What passes events on to other instances; null where the instance stands alone.</summary>
    public EventQueue? Queue { get; set; }

    /// <summary>Whether commands' events go anywhere.</summary>
    public bool IsOn => (wanted & EventClassesExtensions.Channels) != 0;

    /// <summary>Whether misses are told of.</summary>
    public bool WantsMisses => (wanted & EventClasses.KeyMiss) != 0 && IsOn;

    /// <summary>Whether events are wanted that only the store knows of: ends by expiry and eviction, new keys.</summary>
    public bool WantsChanges => (wanted & (EventClasses.Expired | EventClasses.Evicted | EventClasses.New)) != 0 && IsOn;

    /// <summary>Tells of an event by Redis's name for it.</summary>
    /// <param name="running">The client on whose behalf this thread runs, 0 for none.</param>
    public void Tell(string name, ReadOnlySpan<byte> key, int database, long running)
    {
        EventClasses asked = wanted;
        EventClasses one = EventNames.ClassOf(name);
        if ((asked & one) == 0 || (channels.IsEmpty && Queue is null)) return;
        byte[] text = Encoding.ASCII.GetBytes(name);
        if ((asked & EventClasses.Keyspace) != 0) Publish(one | EventClasses.Keyspace, [.. Prefix("keyspace", database), .. key], text, running);
        if ((asked & EventClasses.Keyevent) != 0) Publish(one | EventClasses.Keyevent, [.. Prefix("keyevent", database), .. text], key, running);
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

    private void Publish(EventClasses one, byte[] channel, ReadOnlySpan<byte> message, long running)
    {
        if (one.IsAskedBy(classes)) channels.Publish(channel, message, running);
        Queue?.Add(one, channel, message, isChange: running != 0 && (one & EventClasses.KeyMiss) == 0);
    }

    private static byte[] Prefix(string kind, int database) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"__{kind}@{database}__:"));
}
