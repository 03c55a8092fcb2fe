namespace Hal.Cache.Gateway;

/// <summary>How a handler's run ended.</summary>
internal enum Outcome
{
    /// <summary>The reply is written.</summary>
    Done,

    /// <summary>Something must be waited for that a lookup noted in the context; then the handler runs again from its start.</summary>
    Retry,

    /// <summary>The command goes on without locks, as <see cref="CommandContext.RunAsync"/> was told.</summary>
    Async,

    /// <summary>The reply is written, and the connection closes after it.</summary>
    Close,
}
