using System.Globalization;
using System.Net;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Testing.Telemetry;

/// <summary>A collector for tests: takes OTLP over HTTP in protobuf, and keeps what came.</summary>
public sealed class OtlpReceiver : IDisposable
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private readonly HttpListener _listener = new();
    private readonly Lock _gate = new();
    private readonly List<OtlpSpan> _spans = [];
    private readonly HashSet<(string Service, string Name)> _metrics = [];
    private readonly List<(string Service, string Text)> _logs = [];
    private readonly HashSet<string> _problems = [];
    private readonly (string Name, string Value) _header;
    private readonly Task _serving;

    /// <summary>Listens on a free port; a request without the header is a problem.</summary>
    public OtlpReceiver(string headerName, string headerValue)
    {
        _header = (headerName, headerValue);
        Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url { get; }

    /// <summary>All spans so far.</summary>
    public IReadOnlyList<OtlpSpan> Spans
    {
        get
        {
            lock (_gate) return [.. _spans];
        }
    }

    /// <summary>Names of all metrics so far.</summary>
    public IReadOnlyList<(string Service, string Name)> Metrics
    {
        get
        {
            lock (_gate) return [.. _metrics];
        }
    }

    /// <summary>All log lines so far.</summary>
    public IReadOnlyList<(string Service, string Text)> Logs
    {
        get
        {
            lock (_gate) return [.. _logs];
        }
    }

    /// <summary>What was wrong with requests.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_gate) return [.. _problems];
        }
    }

    public void Dispose()
    {
        _listener.Close();
        _serving.Wait(EndPatience); // a wait for a request that begins while the listener closes may never end
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                Take(context.Request, body.ToArray());
                context.Response.ContentType = "application/x-protobuf"; // an empty message: all was taken
                context.Response.Close();
            }
            catch (Exception gone) when (gone is HttpListenerException or InvalidOperationException or IOException)
            {
                // The test is over, or a process was killed while it sent.
            }
        }
    }

    private void Take(HttpListenerRequest request, byte[] body)
    {
        lock (_gate)
        {
            if (request.Headers[_header.Name] != _header.Value) _problems.Add($"{request.Url?.AbsolutePath} without {_header.Name}");
            switch (request.Url?.AbsolutePath)
            {
                case "/v1/traces": _spans.AddRange(OtlpMessages.Spans(body)); break;
                case "/v1/metrics": _metrics.UnionWith(OtlpMessages.Metrics(body)); break;
                case "/v1/logs": _logs.AddRange(OtlpMessages.Logs(body)); break;
                default: _problems.Add($"{request.Url} is no path of OTLP"); break;
            }
        }
    }
}
