using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>A call of the control plane, with everything it needs already read.</summary>
internal delegate Task<Result<T>> PlaneCall<T>(IControlPlane plane, CancellationToken cancellation);

/// <summary>A call that answers a part of a list.</summary>
internal delegate Task<Result<Page<T>>> PageCall<T>(IControlPlane plane, PageRequest page, CancellationToken cancellation);

/// <summary>Makes handlers: read the request, refuse what breaks a rule, ask the control plane, write its answer.</summary>
internal static class PlaneHandler
{
    /// <summary>
    /// The JSON of everything here. As <see cref="ControlPlaneJson.Wire"/>, but a request must have what its type requires: who reads
    /// answers is not so strict, because the other side may be of an earlier version.
    /// </summary>
    public static ControlPlaneJson Json { get; } = new(new JsonSerializerOptions(ControlPlaneJson.Wire.Options) { RespectRequiredConstructorParameters = true });

    /// <summary>A handler without a body.</summary>
    public static Delegate Ask<T>(JsonTypeInfo<T> type, Func<PlaneRequest, PlaneCall<T>> read) =>
        (HttpContext http, ControlPlaneHttpOptions options) => RunAsync(http, options, r => Task.FromResult<PlaneCall<T>?>(read(r)), (_, value) => new JsonAnswer<T>(value, type));

    /// <summary>A handler that takes a body.</summary>
    public static Delegate Take<TBody, T>(JsonTypeInfo<TBody> body, long bytesMax, JsonTypeInfo<T> type, Func<PlaneRequest, TBody, PlaneCall<T>> read)
        where TBody : class =>
        Take(body, bytesMax, read, (_, value) => new JsonAnswer<T>(value, type));

    /// <summary>A handler that takes a body and answers a whole list: JSON, or an item a line.</summary>
    public static Delegate TakeList<TBody, T>(
        JsonTypeInfo<TBody> body, long bytesMax, JsonTypeInfo<Page<T>> page, JsonTypeInfo<T> item, Func<PlaneRequest, TBody, PlaneCall<IReadOnlyList<T>>> read)
        where TBody : class =>
        Take(body, bytesMax, read, (http, list) => List(http, list, page, item));

    /// <summary>A handler that answers a whole list: JSON, or an item a line.</summary>
    public static Delegate AskList<T>(JsonTypeInfo<Page<T>> page, JsonTypeInfo<T> item, Func<PlaneRequest, PlaneCall<IReadOnlyList<T>>> read) =>
        (HttpContext http, ControlPlaneHttpOptions options) =>
            RunAsync(http, options, r => Task.FromResult<PlaneCall<IReadOnlyList<T>>?>(read(r)), (_, list) => List(http, list, page, item));

    /// <summary>A handler that takes a body and makes something: 201 with its address.</summary>
    public static Delegate Make<TBody, T>(
        JsonTypeInfo<TBody> body, long bytesMax, JsonTypeInfo<T> type, Func<T, string> address, Func<PlaneRequest, TBody, PlaneCall<T>> read)
        where TBody : class =>
        Take(body, bytesMax, read, (http, value) =>
        {
            http.Response.Headers.Location = address(value);
            return new JsonAnswer<T>(value, type) { Status = StatusCodes.Status201Created };
        });

    /// <summary>A handler that takes a body and has nothing to tell but success.</summary>
    public static Delegate Do<TBody>(JsonTypeInfo<TBody> body, long bytesMax, Func<PlaneRequest, TBody, PlaneCall<Done>> read)
        where TBody : class =>
        Take(body, bytesMax, read, (_, _) => TypedResults.NoContent());

    /// <summary>A handler without a body that has nothing to tell but success.</summary>
    public static Delegate Do(Func<PlaneRequest, PlaneCall<Done>> read) =>
        (HttpContext http, ControlPlaneHttpOptions options) => RunAsync(http, options, r => Task.FromResult<PlaneCall<Done>?>(read(r)), (_, _) => TypedResults.NoContent());

    /// <summary>A handler of a list: a page as JSON, or with NDJSON everything, an item a line.</summary>
    public static Delegate Pages<T>(JsonTypeInfo<Page<T>> page, JsonTypeInfo<T> item, Func<PlaneRequest, PageCall<T>> read) =>
        (HttpContext http, ControlPlaneHttpOptions options) => OnPool(async () =>
        {
            var request = new PlaneRequest(http);
            var (call, wanted) = (read(request), request.Page());
            if (request.Problem is { } problem) return ErrorResults.From(problem);
            if (options.Plane is not { } plane) return Absent(options);
            var lines = Ndjson.IsWanted(http.Request);
            if (lines) wanted = wanted with { Limit = HttpLimits.PageItemsMax };
            var first = await call(plane, wanted, http.RequestAborted);
            if (first.Error is { } error) return ErrorResults.From(error);
            return lines ? new PagesAsLines<T>(first.Value, cursor => call(plane, wanted with { Cursor = cursor }, http.RequestAborted), item)
                : new JsonAnswer<Page<T>>(first.Value, page);
        });

    public static IResult Absent(ControlPlaneHttpOptions options) => ErrorResults.From(new CacheError(
        CacheErrorCode.Unavailable,
        options.PlaneElsewhere is { } url ? $"the control plane is not here but at {url}" : "there is no control plane here"));

    /// <summary>Runs work on the thread pool: the thread that a request arrives on may be the one that polls every client's socket.</summary>
    public static async Task<IResult> OnPool(Func<Task<IResult>> work)
    {
        await Task.Yield();
        return await work();
    }

    private static Delegate Take<TBody, T>(
        JsonTypeInfo<TBody> body, long bytesMax, Func<PlaneRequest, TBody, PlaneCall<T>> read, Func<HttpContext, T, IResult> answer)
        where TBody : class =>
        (HttpContext http, ControlPlaneHttpOptions options) =>
            RunAsync(http, options, async r => await r.BodyAsync(body, bytesMax) is { } given ? read(r, given) : null, answer);

    private static Task<IResult> RunAsync<T>(
        HttpContext http, ControlPlaneHttpOptions options, Func<PlaneRequest, Task<PlaneCall<T>?>> read, Func<HttpContext, T, IResult> answer) => OnPool(async () =>
    {
        // First of all, so that a body is not read for nothing.
        if (options.Plane is not { } plane) return Absent(options);
        var request = new PlaneRequest(http);
        var call = await read(request);
        if (request.Problem is { } problem) return ErrorResults.From(problem);
        var result = await call!(plane, http.RequestAborted);
        return result.Error is { } error ? ErrorResults.From(error) : answer(http, result.Value);
    });

    private static IResult List<T>(HttpContext http, IReadOnlyList<T> list, JsonTypeInfo<Page<T>> page, JsonTypeInfo<T> item) =>
        Ndjson.IsWanted(http.Request)
            ? new PagesAsLines<T>(new Page<T>(list, null), _ => throw new InvalidOperationException("a whole list has no next page"), item)
            : new JsonAnswer<Page<T>>(new Page<T>(list, null), page);
}
