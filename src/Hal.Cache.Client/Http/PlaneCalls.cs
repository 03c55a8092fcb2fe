using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

/// <summary>Sends a request until it is answered, a few times at most, and makes a value or an error of the answer.</summary>
internal sealed class PlaneCalls(HttpClient http, ControlPlaneClientOptions options, TimeProvider time, Random random)
{
    private const string IdempotencyHeader = "Idempotency-Key";

    /// <summary>The JSON of the messages.</summary>
    public static ControlPlaneJson Json => ControlPlaneJson.Wire;

    public Task<Result<T>> GetAsync<T>(PlaneAddress address, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, address, null, null, type, cancellation);

    public Task<Result<T>> SendAsync<TBody, T>(
        HttpMethod method, PlaneAddress address, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellation, string? idempotencyKey = null) =>
        SendAsync(method, address, JsonSerializer.SerializeToUtf8Bytes(body, bodyType), idempotencyKey, type, cancellation);

    public Task<Result<Done>> DoAsync<TBody>(
        HttpMethod method, PlaneAddress address, TBody body, JsonTypeInfo<TBody> bodyType, CancellationToken cancellation) =>
        SendAsync<Done>(method, address, JsonSerializer.SerializeToUtf8Bytes(body, bodyType), null, null, cancellation);

    public Task<Result<Done>> DeleteAsync(PlaneAddress address, CancellationToken cancellation) =>
        SendAsync<Done>(HttpMethod.Delete, address, null, null, null, cancellation);

    public Task<Result<T>> SendAsync<T>(HttpMethod method, PlaneAddress address, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        SendAsync(method, address, null, null, type, cancellation);

    /// <summary>The list in a page that is all of it.</summary>
    public static Result<IReadOnlyList<T>> Items<T>(Result<Page<T>> page) => page.Error is { } error ? error : Result(page.Value.Items);

    // The conversion of a value into a result is not offered for interfaces, which every list here is.
    public static Result<IReadOnlyList<T>> Result<T>(IReadOnlyList<T> list) => list as T[] ?? [.. list];

    /// <summary>A wait before another try.</summary>
    public Task WaitAsync(int attempt, CancellationToken cancellation) => Task.Delay(DelayBefore(attempt), time, cancellation);

    /// <summary>How long to wait after so many tries: longer with each, less a random part, so that clients that lost one server don't come back in step.</summary>
    internal TimeSpan DelayBefore(int attempt)
    {
        var delay = options.RetryDelay * Math.Pow(2, Math.Min(attempt - 1, 16));
        if (delay > options.RetryDelayMax) delay = options.RetryDelayMax;
        lock (random) return delay * (1 - (random.NextDouble() / 2));
    }

    /// <summary>The error that a response which is no success tells.</summary>
    public async Task<CacheError> ErrorAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var problem = await ProblemAsync(response, cancellation);
        var why = problem?.Detail ?? problem?.Title ?? response.ReasonPhrase ?? "no reason";
        if (problem?.Code is { } name && Enum.TryParse<CacheErrorCode>(name, ignoreCase: true, out var code) && Enum.IsDefined(code)) return new CacheError(code, why);
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new CacheError(CacheErrorCode.Refused, $"{Where} refused: {why}"),
            HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.RequestUriTooLong or HttpStatusCode.BadRequest or HttpStatusCode.UnsupportedMediaType
                => new CacheError(CacheErrorCode.Invalid, why),
            HttpStatusCode.TooManyRequests => new CacheError(CacheErrorCode.Busy, why),
            _ => new CacheError(CacheErrorCode.Unavailable, $"{Where} answered {(int)response.StatusCode}: {why}"),
        };
    }

    private string Where => $"the control plane at {http.BaseAddress!.GetLeftPart(UriPartial.Authority)}";

    private async Task<Result<T>> SendAsync<T>(
        HttpMethod method, PlaneAddress address, byte[]? body, string? idempotencyKey, JsonTypeInfo<T>? type, CancellationToken cancellation)
    {
        if (!address.IsValid) return new CacheError(CacheErrorCode.Invalid, "a name is empty, '.' or '..'");
        if (IdempotencyKeys.Problem(idempotencyKey) is { } problem) return new CacheError(CacheErrorCode.Invalid, problem);
        for (var attempt = 1; ; attempt++)
        {
            CacheError error;
            using (var timeout = new CancellationTokenSource(options.AttemptTimeout, time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation))
            {
                try
                {
                    using var request = Request(method, address, body, idempotencyKey);
                    using var response = await http.SendAsync(request, either.Token);
                    if (response.IsSuccessStatusCode) return type is null ? (Result<T>)(T)(object)Done.Value : await ReadAsync(response, type, either.Token);
                    error = await ErrorAsync(response, either.Token);
                    if (response.StatusCode is not (HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)) return error;
                }
                catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
                {
                    error = new CacheError(CacheErrorCode.Unavailable, $"{Where} did not answer within {options.AttemptTimeout.TotalSeconds} s");
                }
                catch (HttpRequestException failure) when (failure.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
                {
                    // Another try would read as much again, for nothing.
                    return new CacheError(CacheErrorCode.Unavailable, $"{Where} answered more than AnswerBytesMax ({options.AnswerBytesMax}) bytes, or headers beyond what is taken");
                }
                catch (Exception failure) when (failure is HttpRequestException or IOException)
                {
                    error = new CacheError(CacheErrorCode.Unavailable, $"{Where} can't be reached: {failure.GetBaseException().Message}");
                }
            }
            if (attempt >= options.AttemptsMax) return error;
            await WaitAsync(attempt, cancellation);
        }
    }

    private static HttpRequestMessage Request(HttpMethod method, PlaneAddress address, byte[]? body, string? idempotencyKey)
    {
        var request = new HttpRequestMessage(method, address.ToString());
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        if (idempotencyKey is not null) request.Headers.TryAddWithoutValidation(IdempotencyHeader, idempotencyKey);
        return request;
    }

    private async Task<Result<T>> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            if (await JsonSerializer.DeserializeAsync(stream, type, cancellation) is { } value) return value;
            return new CacheError(CacheErrorCode.Unavailable, $"{Where} answered null");
        }
        catch (JsonException wrong)
        {
            return new CacheError(CacheErrorCode.Unavailable, $"{Where} answered what this version can't read: {wrong.Message}");
        }
    }

    private static async Task<ProblemDocument?> ProblemAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json") return null;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            return await JsonSerializer.DeserializeAsync(stream, ClientJson.Default.ProblemDocument, cancellation);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
