using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>Gives every error that has no body yet a problem document: unknown routes, wrong methods, and bugs.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            var response = http.Response;
            if (response.StatusCode >= 400 && !response.HasStarted && response.ContentType is null)
                await ErrorResults.WriteAsync(http, response.StatusCode, Detail(http));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody to tell.
        }
        catch (BadHttpRequestException bad) when (!http.Response.HasStarted)
        {
            await ErrorResults.WriteAsync(http, bad.StatusCode, bad.Message);
        }
        catch (Exception bug) when (!http.Response.HasStarted)
        {
            LogBug(bug, http.Request.Method, http.Request.Path);
            http.Response.Clear();
            await ErrorResults.WriteAsync(http, StatusCodes.Status500InternalServerError, "the server failed; its log has the cause");
        }
    }

    private static string? Detail(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => "there is no such resource; /openapi.yaml lists them",
        StatusCodes.Status405MethodNotAllowed => $"{http.Request.Method} is not allowed here; Allow lists what is",
        _ => null,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private partial void LogBug(Exception bug, string method, PathString path);
}
