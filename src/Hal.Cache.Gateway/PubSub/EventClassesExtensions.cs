namespace Hal.Cache.Gateway.PubSub;

/// <summary>What classes of events mean together.</summary>
internal static class EventClassesExtensions
{
    public const EventClasses Channels = EventClasses.Keyspace | EventClasses.Keyevent;

    /// <summary>Whether an event, given by its class and its kind of channel, is among those asked for.</summary>
    public static bool IsAskedBy(this EventClasses ofEvent, EventClasses asked)
    {
        EventClasses both = ofEvent & asked;
        return (both & Channels) != 0 && (both & ~Channels) != 0;
    }
}
