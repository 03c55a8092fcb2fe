namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What may be an idempotency key: what an HTTP header carries unchanged, so that a key is the same at every host.</summary>
public static class IdempotencyKeys
{
    /// <summary>Null, also for no key, or the rule that a key breaks.</summary>
    public static string? Problem(string? key) =>
        key is null ? null
        : key.Length is 0 or > ControlPlaneLimits.IdempotencyKeyLengthMax ? $"an idempotency key has 1 to {ControlPlaneLimits.IdempotencyKeyLengthMax} characters"
        : key[0] == ' ' || key[^1] == ' ' || key.Any(char.IsControl) ? "an idempotency key has no control characters, and no space at its ends"
        : null;
}
