using System.Text.Json;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Who has registered, in the store. Written beside the calls, so that a slow store holds nobody up; by one thread at a time.</summary>
internal sealed class InstanceRecords(PlaneState state, DurableState durable)
{
    private readonly Dictionary<string, InstanceRegistration> stored = new(StringComparer.Ordinal);

    /// <summary>Takes those that are stored for suspect until they are heard; their content is unknown.</summary>
    public void Load(IReadOnlyList<StoredRecord> records)
    {
        var heard = state.Now - state.Options.Instances.Lease - TimeSpan.FromMilliseconds(1);
        foreach (var record in records.Where(r => r.Kind == StoredKind.Instance))
        {
            if (JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.InstanceRegistration) is not { } registration) continue;
            var added = state.Registry.Add(registration, heard);
            if (!added.IsOk) return;
            added.Value.Recalled = true;
            stored[record.Key] = registration;
            if (registration.Parent is { } parent) state.Topology.Tell(t => t.Join(parent, registration.Name, true));
        }
    }

    /// <summary>Brings the store to the registry; what it does not take now is tried again.</summary>
    public async Task KeepAsync(CancellationToken cancellation)
    {
        var all = state.Registry.All;
        foreach (var instance in all.Values)
        {
            var registration = instance.Registration;
            if (stored.TryGetValue(instance.Name, out var before) && IsSame(before, registration)) continue;
            var put = await durable.ChangeAsync<Done>(
                async () => await durable.PutAsync(StoredKind.Instance, instance.Name, registration, StoredJson.Default.InstanceRegistration, cancellation) is { } error ? error : Done.Value,
                cancellation);
            if (!put.IsOk) return;
            stored[instance.Name] = registration;
        }
        foreach (var name in stored.Keys.Where(n => !all.ContainsKey(n)).ToArray())
        {
            var deleted = await durable.ChangeAsync<Done>(
                async () => await durable.DeleteAsync(StoredKind.Instance, name, cancellation) is { } error ? error : Done.Value, cancellation);
            if (!deleted.IsOk) return;
            stored.Remove(name);
        }
    }

    // The sequence that an instance registered with says nothing later on, and lists are equal only where they are the same.
    private static bool IsSame(InstanceRegistration one, InstanceRegistration other) =>
        one with { Sequence = 0, Slots = null } == other with { Sequence = 0, Slots = null };
}
