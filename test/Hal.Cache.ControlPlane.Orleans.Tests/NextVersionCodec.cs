using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Writes messages as a next version would, whose every object has grown by fields that this version does not know.</summary>
internal sealed class NextVersionCodec : ISpecializableCodec
{
    private readonly ContractCodec now = new();

    public bool IsSupportedType(Type type) => now.IsSupportedType(type);

    public IFieldCodec GetSpecializedCodec(Type type)
    {
        if (type == typeof(CacheKey[])) return now.GetSpecializedCodec(type);
        return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Result<>)
            ? Make(typeof(NextResult<>), type.GenericTypeArguments[0])
            : Make(typeof(NextMessage<>), type);
    }

    private static IFieldCodec Make(Type open, Type argument) => (IFieldCodec)Activator.CreateInstance(open.MakeGenericType(argument))!;

    private static byte[] Grown<T>(T value)
    {
        var node = JsonSerializer.SerializeToNode(value, JsonFieldCodec<T>.Shape());
        Grow(node);
        return JsonSerializer.SerializeToUtf8Bytes(node);
    }

    private static void Grow(JsonNode? node)
    {
        if (node is JsonArray items)
        {
            foreach (var item in items) Grow(item);
        }
        if (node is not JsonObject message) return;
        foreach (var (_, field) in message) Grow(field);
        message.Add("addedLater", new JsonObject { ["deep"] = new JsonArray(1, "two", null) });
        message.Add("anotherKind", "ofTheNextVersion");
    }

    private static byte[] Write<T>(Result<T> result) => result.IsOk ? [0, .. Grown(result.Value)] : [1, .. Grown(result.Error)];

    private sealed class NextMessage<T> : IFieldCodec<T>
    {
        private readonly JsonFieldCodec<T> now = new();

        public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, [AllowNull] Type expectedType, [AllowNull] T value)
            where TBufferWriter : IBufferWriter<byte>
        {
            if (value is null) now.WriteField(ref writer, fieldIdDelta, expectedType, value);
            else WriteBytes(ref writer, fieldIdDelta, expectedType, typeof(T), Grown(value));
        }

        [return: MaybeNull]
        public T ReadValue<TInput>(ref Reader<TInput> reader, Field field) => now.ReadValue(ref reader, field);
    }

    private sealed class NextResult<T> : IFieldCodec<Result<T>>
    {
        private readonly ResultCodec<T> now = new();

        public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, [AllowNull] Type expectedType, Result<T> value)
            where TBufferWriter : IBufferWriter<byte> => WriteBytes(ref writer, fieldIdDelta, expectedType, typeof(Result<T>), Write(value));

        public Result<T> ReadValue<TInput>(ref Reader<TInput> reader, Field field) => now.ReadValue(ref reader, field);
    }

    private static void WriteBytes<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, Type type, byte[] bytes)
        where TBufferWriter : IBufferWriter<byte>
    {
        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, type, WireType.LengthPrefixed);
        writer.WriteVarUInt32((uint)bytes.Length);
        writer.Write(bytes);
    }
}
