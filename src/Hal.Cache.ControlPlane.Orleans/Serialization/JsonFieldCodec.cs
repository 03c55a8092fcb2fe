using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Sharding;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace Hal.Cache.ControlPlane.Orleans.Serialization;

/// <summary>A message as the bytes of its JSON, with their number before them.</summary>
internal sealed class JsonFieldCodec<T> : IFieldCodec<T>
{
    private readonly JsonTypeInfo<T> shape = Shape();

    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, [AllowNull] Type expectedType, [AllowNull] T value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (value is null)
        {
            ReferenceCodec.WriteNullReference(ref writer, fieldIdDelta);
            return;
        }
        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(T), WireType.LengthPrefixed);
        var json = JsonSerializer.SerializeToUtf8Bytes(value, shape);
        writer.WriteVarUInt32((uint)json.Length);
        writer.Write(json);
    }

    [return: MaybeNull]
    public T ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference) return ReferenceCodec.ReadReference<T, TInput>(ref reader, field);
        field.EnsureWireType(WireType.LengthPrefixed);
        ReferenceCodec.MarkValueField(reader.Session);
        return JsonSerializer.Deserialize(reader.ReadBytes(reader.ReadVarUInt32()), shape)!;
    }

    /// <summary>How the messages' source-generated JSON writes the type; throws where it does not know it, which a test finds.</summary>
    internal static JsonTypeInfo<T> Shape() =>
        (JsonTypeInfo<T>?)(ControlPlaneJson.Wire.GetTypeInfo(typeof(T)) ?? ShardJson.Default.GetTypeInfo(typeof(T)))
        ?? throw new NotSupportedException($"{typeof(T)} is neither in {nameof(ControlPlaneJson)} nor in {nameof(ShardJson)}");
}
