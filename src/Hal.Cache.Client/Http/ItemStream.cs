using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

/// <summary>One connection's items, a line each; null ends it, whatever the reason.</summary>
internal sealed class ItemStream : IAsyncDisposable
{
    private readonly ControlPlaneClientOptions options;
    private readonly TimeProvider time;
    private readonly HttpResponseMessage? response;
    private readonly StreamReader? reader;

    private ItemStream(ControlPlaneClientOptions options, TimeProvider time, HttpResponseMessage? response, StreamReader? reader, CacheError? refused) =>
        (this.options, this.time, this.response, this.reader, Refused) = (options, time, response, reader, refused);

    /// <summary>Why the server will not have this subscription, now or later; null where it may.</summary>
    public CacheError? Refused { get; }

    public static async Task<ItemStream> OpenAsync(
        HttpClient http, PlaneCalls calls, PlaneAddress address, ControlPlaneClientOptions options, TimeProvider time, CancellationToken cancellation)
    {
        HttpResponseMessage? response = null;
        using var timeout = new CancellationTokenSource(options.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address.ToString());
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.IsSuccessStatusCode)
                return new ItemStream(options, time, response, new StreamReader(await response.Content.ReadAsStreamAsync(either.Token)), null);
            var error = await calls.ErrorAsync(response, either.Token);
            var passing = response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
            response.Dispose();
            return new ItemStream(options, time, null, null, passing ? null : error);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException || cancellation.IsCancellationRequested)
        {
            response?.Dispose();
            return new ItemStream(options, time, null, null, null);
        }
    }

    public async Task<StreamItem?> NextAsync(CancellationToken cancellation)
    {
        if (reader is null) return null;
        while (true)
        {
            using var timeout = new CancellationTokenSource(options.StreamTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
            try
            {
                var line = await reader.ReadLineAsync(either.Token);
                if (line is null) return null;
                if (line.Length > 0) return JsonSerializer.Deserialize(line, PlaneCalls.Json.StreamItem);
            }
            catch (Exception lost) when (lost is IOException or HttpRequestException or OperationCanceledException or JsonException)
            {
                return null; // a line that was cut off included: it comes again with the next connection
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        reader?.Dispose();
        response?.Dispose();
        return ValueTask.CompletedTask;
    }
}
