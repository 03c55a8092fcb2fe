namespace Hal.Cache.Persistence.Postgres;

/// <summary>One try of a call.</summary>
/// <param name="Number">From 1.</param>
/// <param name="AnswerBegins">To be called where the answer has begun, and may take as long as it takes.</param>
/// <param name="Limit">The end of all tries of the call.</param>
internal readonly record struct PostgresTry(int Number, Action AnswerBegins, CancellationToken Limit);
