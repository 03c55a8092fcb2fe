using System.Text;
using Hal.Cache.Gateway.Acl;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>CLIENT KILL's filters: a connection has to pass all that were given.</summary>
internal sealed class ClientFilter
{
    private long id;
    private string? type;
    private string? address;
    private string? localAddress;
    private AclUser? user;
    private long maxAge;

    /// <summary>The connection that asks is left out.</summary>
    public bool SkipsSelf { get; private set; } = true;

    /// <summary>Reads the options from an argument on; false where an error was replied.</summary>
    public bool TryParse(CommandContext c, int first)
    {
        for (int at = first; at < c.Count; at += 2)
        {
            if (at + 1 >= c.Count || !TryOption(c, c.Arg(at), c.Arg(at + 1)))
            {
                if (!c.Failed) c.Syntax();
                return false;
            }
        }

        return true;
    }

    public bool Matches(ClientSession client, long now) =>
        (id == 0 || client.Id == id)
        && (address is null || client.Remote == address)
        && (localAddress is null || client.Local == localAddress)
        && (type is null || TypeOf(client) == type)
        && (user is null || client.User == user)
        && (maxAge == 0 || (now - client.Created.ToUnixTimeMilliseconds()) / 1000 >= maxAge);

    /// <summary>Redis's name of a connection's type; one that runs MONITOR is as normal as others.</summary>
    public static string TypeOf(ClientSession client) =>
        (client.Modes & ClientModes.Subscribed) != 0 ? "pubsub" : "normal";

    /// <summary>The type that a client's word means, null for none.</summary>
    public static string? TypeNamed(ReadOnlySpan<byte> word)
    {
        string name = Encoding.Latin1.GetString(word).ToLowerInvariant();
        return name switch
        {
            "slave" => "replica",
            "normal" or "replica" or "pubsub" or "master" => name,
            _ => null,
        };
    }

    private bool TryOption(CommandContext c, ReadOnlySpan<byte> option, ReadOnlySpan<byte> value)
    {
        switch (Encoding.Latin1.GetString(option).ToLowerInvariant())
        {
            case "id":
                if (RedisInteger.TryParse(value, out id) && id >= 1) return true;
                c.Error("ERR client-id should be greater than 0"u8);
                return false;
            case "maxage":
                if (!RedisInteger.TryParse(value, out maxAge))
                    c.Error("ERR maxage is not an integer or out of range"u8);
                else if (maxAge <= 0)
                    c.Error("ERR maxage should be greater than 0"u8);
                return !c.Failed;
            case "type":
                type = TypeNamed(value);
                if (type is null) c.Error($"ERR Unknown client type '{RespErrors.Cut(value)}'");
                return type is not null;
            case "addr":
                address = Encoding.Latin1.GetString(value);
                return true;
            case "laddr":
                localAddress = Encoding.Latin1.GetString(value);
                return true;
            case "user":
                user = c.Server.Acl.Find(AclUsers.Text(value));
                if (user is null) c.Error($"ERR No such user '{RespErrors.Cut(value)}'");
                return user is not null;
            case "skipme":
                SkipsSelf = Ascii.EqualsIgnoreCase(value, "yes"u8);
                return SkipsSelf || Ascii.EqualsIgnoreCase(value, "no"u8);
            default:
                return false;
        }
    }
}
