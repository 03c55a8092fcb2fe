namespace Hal.Cache.Gateway.Peers;

/// <summary>A write that was sent with others: its request is so many bytes of theirs, and took so many of the client's.</summary>
internal readonly record struct ForwardedWriteCall(CommandSpec Spec, ForwardedCall Call, int From, int Length, int Consumed);
