using Hal.Cache.ControlPlane.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;

namespace Hal.Cache.Architecture.Tests;

using Map = Dictionary<string, object>;

public sealed class OpenApiTests
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "patch", "head", "options"];
    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "openapi.yaml"));
    private static readonly Map Document = (Map)YamlReader.Parse(Text);

    [Fact]
    public async Task The_document_and_the_mapped_endpoints_have_the_same_methods_paths_and_ids()
    {
        var documented = Operations().Select(o => $"{o.Method.ToUpperInvariant()} {o.Path} {o.Operation["operationId"]}");

        Assert.Equal(documented.Order(StringComparer.Ordinal), (await MappedAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_document_that_is_served_is_the_one_in_the_repository()
    {
        await using var app = App();
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        using var client = new HttpClient();

        Assert.Equal(Text, await client.GetStringAsync($"{app.Urls.Single()}/openapi.yaml"));
    }

    [Fact]
    public void The_document_has_what_OpenAPI_asks_for()
    {
        Assert.StartsWith("3.1.", (string)Document["openapi"], StringComparison.Ordinal);
        var info = (Map)Document["info"];
        Assert.All(["title", "version"], key => Assert.True(info.ContainsKey(key)));
        var ids = Operations().Select(o => (string)o.Operation["operationId"]).ToArray();
        Assert.Equal(ids.Distinct(StringComparer.Ordinal), ids);
    }

    [Fact]
    public void Every_operation_describes_its_answers_and_its_errors() =>
        Assert.All(Operations(), o =>
        {
            var responses = (Map)o.Operation["responses"];
            Assert.True(o.Operation.ContainsKey("summary"), $"{o.Path} has no summary");
            Assert.Contains(responses.Keys, code => code.StartsWith('2'));
            Assert.Equal("#/components/responses/Problem", ((Map)responses["default"])["$ref"]);
            Assert.All(responses.Where(r => r.Key[0] is '4' or '5'), r => Assert.Equal("#/components/responses/Problem", ((Map)r.Value)["$ref"]));
        });

    [Fact]
    public void Every_parameter_of_a_path_is_described() =>
        Assert.All(Operations(), o =>
        {
            var named = o.Path.Split('/').Where(s => s.StartsWith('{')).Select(s => s[1..^1]);
            var described = o.Operation.TryGetValue("parameters", out var list)
                ? ((List<object>)list).Cast<Map>().Select(Resolve).Where(p => (string)p["in"] == "path").Select(p => (string)p["name"])
                : [];
            Assert.Equal(named, described);
        });

    [Fact]
    public void Every_reference_leads_somewhere_and_every_component_is_referred_to()
    {
        var references = References(Document).ToArray();

        Assert.All(references, r => Assert.NotNull(Resolve(r)));
        foreach (var kind in new[] { "schemas", "responses", "parameters" })
        {
            var components = (Map)((Map)Document["components"])[kind];
            Assert.All(components.Keys, name => Assert.Contains($"#/components/{kind}/{name}", references));
        }
    }

    [Fact]
    public void Required_properties_are_described() =>
        Assert.All((Map)((Map)Document["components"])["schemas"], schema =>
        {
            if (((Map)schema.Value).TryGetValue("required", out var required))
                Assert.Subset(((Map)((Map)schema.Value)["properties"]).Keys.ToHashSet<object>(), ((List<object>)required).ToHashSet());
        });

    [Theory]
    [InlineData("a: 1\na: 2")]
    [InlineData("a:\n   b: 1")]
    [InlineData("a: [1\n")]
    [InlineData("a: x: y")]
    [InlineData("a: 1\n\tb: 2")]
    [InlineData("just text")]
    public void The_reader_refuses_what_is_not_its_YAML(string yaml) =>
        Assert.Throws<FormatException>(() => YamlReader.Parse(yaml));

    private static IEnumerable<(string Path, string Method, Map Operation)> Operations() =>
        from path in (Map)Document["paths"]
        from method in (Map)path.Value
        where Methods.Contains(method.Key)
        select (path.Key, method.Key, (Map)method.Value);

    private static IEnumerable<string> References(object node) => node switch
    {
        Map map when map.TryGetValue("$ref", out var reference) => [(string)reference],
        Map map => map.Values.SelectMany(References),
        List<object> list => list.SelectMany(References),
        _ => [],
    };

    private static Map Resolve(Map node) => node.TryGetValue("$ref", out var reference) ? Resolve((string)reference) : node;

    private static Map Resolve(string reference) =>
        reference.Split('/').Skip(1).Aggregate(Document, (node, name) => (Map)node[name]);

    private static async Task<string[]> MappedAsync()
    {
        await using var app = App();
        return
        [
            .. ((IEndpointRouteBuilder)app).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>().SelectMany(e =>
                e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m =>
                    $"{m} {e.RoutePattern.RawText} {e.Metadata.GetMetadata<EndpointNameMetadata>()?.EndpointName}")),
        ];
    }

    private static WebApplication App()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddControlPlaneHttp(new ControlPlaneHttpOptions { Instances = [], Match = (_, _) => true });
        var app = builder.Build();
        app.MapControlPlane();
        return app;
    }
}
