namespace Hal.Cache.Benchmarks.Micro.Gateway;

/// <summary>The commands that nearly all requests are, from the bytes that come in to the bytes that go out: none may allocate.</summary>
internal static class ConnectionCases
{
    private const int ValueBytes = 100;

    public static IEnumerable<AllocationCheck> Create(MemoryConnection connection)
    {
        string value = new('v', ValueBytes);
        byte[] ok = "+OK\r\n"u8.ToArray();
        byte[] set = MemoryConnection.Request("SET", "key", value);
        byte[] get = MemoryConnection.Request("GET", "key");
        byte[] found = [.. "$100\r\n"u8, .. System.Text.Encoding.ASCII.GetBytes(value), .. "\r\n"u8];
        connection.Ask(set, ok);
        yield return new AllocationCheck("Gateway: GET that hits, through a connection", ceilingBytes: 0, () => connection.Ask(get, found));
        yield return new AllocationCheck("Gateway: SET of a key that exists, through a connection", ceilingBytes: 0, () => connection.Ask(set, ok));
    }
}
