namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>The one message under way, sent again with a new id where no answer comes; an answer to any of its ids counts. Not thread-safe.</summary>
internal sealed class MessageSlot(TimeSpan timeout)
{
    private long ids;
    private long firstId;
    private DateTimeOffset sentAt;

    public ReporterMessage? Message { get; private set; }

    public long NewId() => ++ids;

    public bool IsLost(DateTimeOffset now) => now - sentAt >= timeout;

    public ReporterMessage Send(ReporterMessage message, DateTimeOffset now)
    {
        firstId = NewId();
        sentAt = now;
        return Message = message with { Id = firstId };
    }

    public ReporterMessage Again(DateTimeOffset now)
    {
        sentAt = now;
        return Message = Message! with { Id = NewId() };
    }

    /// <summary>Takes an answer; false where it is to no sending of the message under way.</summary>
    public bool Take(long id)
    {
        if (Message is null || id < firstId || id > Message.Id) return false;
        Message = null;
        return true;
    }

    public void Forget() => Message = null;
}
