namespace Hal.Cache.Testing.Telemetry;

/// <summary>A span as it was exported; ids in hexadecimal, no parent is an empty one.</summary>
/// <param name="Service">The process, by its attribute service.instance.id.</param>
/// <param name="Scope">Name of the source.</param>
/// <param name="Kind">1 internal, 2 server, 3 client.</param>
public sealed record OtlpSpan(
    string Service, string Scope, string TraceId, string SpanId, string ParentId, string Name, int Kind, IReadOnlyDictionary<string, string> Attributes)
{
    public const int Server = 2;
    public const int Client = 3;

    public bool IsRoot => ParentId.Length == 0;

    /// <summary>An attribute's value as text, empty where it is absent.</summary>
    public string this[string attribute] => Attributes.GetValueOrDefault(attribute) ?? "";

    public override string ToString() => $"{Service} {Scope} {Kind} {Name} {SpanId}<{ParentId} {string.Join(' ', Attributes.Select(a => $"{a.Key}={a.Value}"))}";
}
