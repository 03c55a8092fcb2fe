namespace Hal.Cache.Storage;

/// <summary>Collects what one walk over the log finds damaged, and tells it once. One walk at a time uses it.</summary>
internal sealed class DamageTally(Action<LogDamage>? told)
{
    private LogDamage? damage;

    /// <summary>A walk begins: what one that broke off has found is found again.</summary>
    public void Begin() => damage = null;

    public void Found(long address, bool atStart) =>
        damage = damage is null ? new LogDamage(1, address, atStart) : damage with { Places = damage.Places + 1 };

    /// <summary>At the end of a walk.</summary>
    public void Tell()
    {
        if (damage is null)
            return;
        told?.Invoke(damage);
        damage = null;
    }
}
