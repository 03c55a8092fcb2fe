using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hal.Cache.Contracts;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace Hal.Cache.ControlPlane.Orleans.Serialization;

/// <summary>A result: one byte that tells which it is, then the JSON of the value or of the error.</summary>
internal sealed class ResultCodec<T> : IFieldCodec<Result<T>>
{
    private const byte Value = 0;
    private const byte Error = 1;

    private readonly JsonTypeInfo<T> shape = JsonFieldCodec<T>.Shape();
    private readonly JsonTypeInfo<CacheError> errorShape = JsonFieldCodec<CacheError>.Shape();

    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, [AllowNull] Type expectedType, Result<T> value)
        where TBufferWriter : IBufferWriter<byte>
    {
        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(Result<T>), WireType.LengthPrefixed);
        var json = value.Error is { } error ? JsonSerializer.SerializeToUtf8Bytes(error, errorShape) : JsonSerializer.SerializeToUtf8Bytes(value.Value, shape);
        writer.WriteVarUInt32((uint)json.Length + 1);
        writer.WriteByte(value.IsOk ? Value : Error);
        writer.Write(json);
    }

    public Result<T> ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        field.EnsureWireType(WireType.LengthPrefixed);
        ReferenceCodec.MarkValueField(reader.Session);
        var length = reader.ReadVarUInt32();
        var kind = reader.ReadByte();
        var json = reader.ReadBytes(length - 1);
        return kind == Error ? JsonSerializer.Deserialize(json, errorShape)! : Results.Of(JsonSerializer.Deserialize(json, shape)!);
    }
}
