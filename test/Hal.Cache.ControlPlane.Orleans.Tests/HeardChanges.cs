using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using Hal.Cache.Client;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Streams;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Listens to a cluster's changes in each of the ways that there are, and remembers which keys each has told of.</summary>
internal sealed class HeardChanges : IAsyncDisposable
{
    private readonly CancellationTokenSource ends = new();
    private readonly ConcurrentDictionary<(string Way, string Key), bool> heard = new();
    private readonly HttpControlPlane http;
    private readonly RespTestClient channel;
    private readonly Task[] listening;
    private int written;

    private HeardChanges(ChangeStream stream, HttpControlPlane http, RespTestClient channel)
    {
        (this.http, this.channel) = (http, channel);
        listening =
        [
            ListenAsync("stream", stream.ReadAsync(new Subscription(), ends.Token)),
            ListenAsync("http", http.Events.SubscribeAsync(new Subscription(), ends.Token)),
            Task.Run(ListenToChannel),
        ];
    }

    /// <summary>By the stream of the cluster, over HTTP at one silo, and by the channel of an instance of another.</summary>
    public static HeardChanges Start(ChangeStream stream, TreeMember atHttp, TreeMember atResp)
    {
        var channel = new RespTestClient(atResp.Port, wait: TimeSpan.FromMinutes(10));
        Assert.Equal("subscribe", channel.Command("SUBSCRIBE", "hal:events").Items![0].Text);
        return new HeardChanges(stream, ClusterTree.Plane(atHttp), channel);
    }

    /// <summary>Writes keys of a name until every way has told of one: a listener may begin, or have to begin again, after the first.</summary>
    public async Task HearAsync(RespTestClient writer, string name)
    {
        string[] ways = ["stream", "http", "channel"];
        var missing = ways;
        var all = await Eventually.HoldsAsync(
            () =>
            {
                Assert.Equal("OK", writer.Command("SET", $"{name}:{written++}", "x").Text);
                missing = [.. ways.Where(way => !heard.Keys.Any(k => k.Way == way && k.Key.StartsWith($"{name}:", StringComparison.Ordinal)))];
                return missing.Length == 0;
            },
            ClusterTree.Patience);
        Assert.True(all, $"nothing of '{name}' was told by {string.Join(", ", missing)}");
    }

    public async ValueTask DisposeAsync()
    {
        await ends.CancelAsync();
        channel.Dispose();
        await Task.WhenAll(listening);
        http.Dispose();
        ends.Dispose();
    }

    private async Task ListenAsync(string way, IAsyncEnumerable<StreamItem> items)
    {
        try
        {
            await foreach (var item in items)
            {
                foreach (var key in item.Event?.KeysAdded ?? []) heard[(way, key.ToString())] = true;
            }
        }
        catch (OperationCanceledException)
        {
            // Enough was heard.
        }
    }

    private void ListenToChannel()
    {
        try
        {
            while (!ends.IsCancellationRequested)
            {
                using var change = JsonDocument.Parse(channel.Receive().Items![2].Bytes);
                if (!change.RootElement.TryGetProperty("keys_added", out var keys)) continue;
                foreach (var key in keys.EnumerateArray().Where(k => k.ValueKind == JsonValueKind.String)) heard[("channel", key.GetString()!)] = true;
            }
        }
        catch (Exception closed) when (closed is IOException or SocketException or ObjectDisposedException)
        {
            // What it does not tell is missed by the test.
        }
    }
}
