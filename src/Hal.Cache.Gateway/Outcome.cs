namespace Hal.Cache.Gateway;

/// <summary>How a handler's run ended.</summary>
internal enum Outcome
{
    /// <summary>The reply is written.</summary>
    Done,

    /// <summary>A lookup or a change noted a fault: it is awaited without locks, what was written is dropped, and the handler runs anew.</summary>
    Retry,

    /// <summary>The handler asked with <see cref="CommandContext.RunAsync"/> for work that runs without locks and writes the reply.</summary>
    Async,

    /// <summary>The reply is written, and the connection closes after it.</summary>
    Close,
}
