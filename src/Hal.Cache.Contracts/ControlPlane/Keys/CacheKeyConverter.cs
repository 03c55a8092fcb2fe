using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The one JSON form of a key; see <see cref="CacheKey"/>.</summary>
public sealed class CacheKeyConverter : JsonConverter<CacheKey>
{
    public override CacheKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String) return new CacheKey(Text(ref reader));
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("A key is a string, or an object with 'key' or 'keyBase64'.");

        byte[]? bytes = null;
        var database = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "key" when bytes is null && reader.TokenType == JsonTokenType.String:
                    bytes = Text(ref reader);
                    break;
                case "keyBase64" when bytes is null && reader.TokenType == JsonTokenType.String && reader.TryGetBytesFromBase64(out var binary):
                    bytes = binary;
                    break;
                case "database" when reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) && number >= 0:
                    database = number;
                    break;
                default:
                    throw new JsonException($"'{name}' of a key is unknown, given twice, or has no valid value.");
            }
        }
        return bytes is null ? throw new JsonException("A key's object has 'key' or 'keyBase64'.") : new CacheKey(bytes, database);
    }

    public override void Write(Utf8JsonWriter writer, CacheKey value, JsonSerializerOptions options)
    {
        var text = Utf8.IsValid(value.Span);
        if (text && value.Database == 0)
        {
            writer.WriteStringValue(value.Span);
            return;
        }
        writer.WriteStartObject();
        if (text) writer.WriteString("key"u8, value.Span);
        else writer.WriteBase64String("keyBase64"u8, value.Span);
        if (value.Database != 0) writer.WriteNumber("database"u8, value.Database);
        writer.WriteEndObject();
    }

    // A lone surrogate escape (\ud800) has no bytes, and GetString says so; as JSON it is malformed to us.
    private static byte[] Text(ref Utf8JsonReader reader)
    {
        try
        {
            var longest = reader.HasValueSequence ? checked((int)reader.ValueSequence.Length) : reader.ValueSpan.Length;
            var bytes = new byte[longest];
            var length = reader.CopyString(bytes);
            return length == longest ? bytes : bytes[..length];
        }
        catch (InvalidOperationException invalid)
        {
            throw new JsonException("A key's text is not valid UTF-8.", invalid);
        }
    }
}
