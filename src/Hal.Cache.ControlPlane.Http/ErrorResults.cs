using Hal.Cache.Contracts;
using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>Errors as <c>application/problem+json</c> (RFC 9457).</summary>
internal static class ErrorResults
{
    public static IResult Invalid(string parameter, string? value, string rule) =>
        new ProblemResult(StatusCodes.Status400BadRequest, $"{parameter} is '{value}'; it {rule}", CacheErrorCode.Invalid.Text());

    public static IResult NotFound(string what) => new ProblemResult(StatusCodes.Status404NotFound, what, CacheErrorCode.NotFound.Text());

    public static IResult Unavailable(string why) => new ProblemResult(StatusCodes.Status503ServiceUnavailable, why, CacheErrorCode.Unavailable.Text());

    public static IResult From(CacheError error) => new ProblemResult(Status(error.Code), error.Message, error.Code.Text());

    /// <summary>The one mapping of error codes to HTTP.</summary>
    public static int Status(CacheErrorCode code) => code switch
    {
        CacheErrorCode.NotFound => StatusCodes.Status404NotFound,
        CacheErrorCode.Invalid => StatusCodes.Status400BadRequest,
        CacheErrorCode.Refused or CacheErrorCode.ReadOnly => StatusCodes.Status403Forbidden,
        CacheErrorCode.Changed or CacheErrorCode.Conflict or CacheErrorCode.StaleEpoch => StatusCodes.Status409Conflict,
        CacheErrorCode.NoRoom => StatusCodes.Status507InsufficientStorage,
        CacheErrorCode.Busy => StatusCodes.Status429TooManyRequests,
        CacheErrorCode.Elsewhere => StatusCodes.Status503ServiceUnavailable,
        CacheErrorCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        CacheErrorCode.Corrupt => StatusCodes.Status500InternalServerError,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "has no HTTP status"),
    };

    /// <summary>Writes a problem into a response that has not started.</summary>
    public static Task WriteAsync(HttpContext http, int status, string? detail, string? code = null)
    {
        http.Response.StatusCode = status;
        if (status == StatusCodes.Status429TooManyRequests) http.Response.Headers.RetryAfter = "1";
        var problem = new Problem(status, Title(status), detail, http.Request.Path.Value ?? "/") { Code = code };
        return http.Response.WriteAsJsonAsync(problem, HttpJson.Wire.Problem, "application/problem+json", http.RequestAborted);
    }

    private static string Title(int status) =>
        Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } phrase ? phrase : "Error";

    private sealed class ProblemResult(int status, string detail, string? code = null) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, status, detail, code);
    }
}
