namespace Hal.Cache.Persistence.Postgres;

/// <summary>One try of a call.</summary>
/// <param name="Number">From 1.</param>
/// <param name="AnswerBegins">To be called where the answer has begun, and may take as long as it takes.</param>
/// <param name="Limit">The end of all tries of the call.</param>
/// <param name="Cancelled">That the caller cancels, for what the limit is not for; never the caller's own token, on whose thread Npgsql would wait for the server.</param>
internal readonly record struct PostgresTry(int Number, Action AnswerBegins, CancellationToken Limit, CancellationToken Cancelled);
