using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Client.Http;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client;

/// <summary>
/// A control plane in another process, over HTTP. A call that is lost on the way is repeated, which every call allows; one that still
/// fails is Unavailable. Thread-safe.
/// </summary>
public sealed class HttpControlPlane : IControlPlane, IDisposable
{
    // A name that comes to mean another address is looked at again.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient http;
    private readonly CancellationTokenSource disposed = new();

    public HttpControlPlane(ControlPlaneClientOptions options, TimeProvider time)
        : this(options, time, new SocketsHttpHandler
        {
            PooledConnectionLifetime = ConnectionLifetime,
            ConnectTimeout = ConnectTimeout,
            UseCookies = false,
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8, // a secret may be in any language, as RESP's may
        })
    {
    }

    /// <summary>With a handler of the caller's, which is disposed of with this.</summary>
    public HttpControlPlane(ControlPlaneClientOptions options, TimeProvider time, HttpMessageHandler handler)
        : this(options, time, handler, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)))
    {
    }

    /// <summary>With a handler and the chance of the waits between tries, both the caller's; what is random is used by one thread at a time.</summary>
    public HttpControlPlane(ControlPlaneClientOptions options, TimeProvider time, HttpMessageHandler handler, Random random)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problem() is { } problem) throw new ArgumentException(problem, nameof(options));
        http = new HttpClient(handler)
        {
            BaseAddress = new Uri(options.Url.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan, // each try has its own
            MaxResponseContentBufferSize = options.AnswerBytesMax,
        };
        if (options.Secret is { } secret) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        var calls = new PlaneCalls(http, options, time, random);
        Instances = new HttpInstances(calls);
        Content = new HttpContentMap(calls);
        Topology = new HttpTopology(calls);
        Routing = new HttpRouting(calls);
        Ownership = new HttpOwnership(calls);
        Events = new HttpEvents(calls, http, options, time, disposed.Token);
        Scheduling = new HttpScheduling(calls);
        Batches = new HttpBatches(calls);
        Analytics = new HttpAnalytics(calls);
    }

    public IInstances Instances { get; }

    public IContent Content { get; }

    public ITopology Topology { get; }

    public IRouting Routing { get; }

    public IOwnership Ownership { get; }

    public IEvents Events { get; }

    public IScheduling Scheduling { get; }

    public IBatches Batches { get; }

    public IAnalytics Analytics { get; }

    /// <summary>Ends event streams and the calls that are on their way.</summary>
    public void Dispose()
    {
        if (disposed.IsCancellationRequested) return;
        disposed.Cancel();
        http.Dispose();
        disposed.Dispose();
    }
}
