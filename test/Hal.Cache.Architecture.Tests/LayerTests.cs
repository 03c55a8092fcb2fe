namespace Hal.Cache.Architecture.Tests;

public sealed class LayerTests
{
    // The layers, edge over work over adapter over core over base. Everything but Resp may reference Contracts besides; Silo may
    // reference all. A project that is not here is refused, so that adding one is a decision.
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Cli"] = ["Client"],
        ["Gateway"] = ["Node", "Resp", "Scripting"],
        ["ControlPlane.Http"] = ["ControlPlane"],
        ["Dashboard"] = [],
        ["ControlPlane.Orleans"] = ["ControlPlane"],
        ["Client"] = [],
        ["Node"] = ["Coherence", "ControlPlane"],
        ["Peers"] = ["Resp"],
        ["Storage"] = [],
        ["Origins"] = [],
        ["Transport"] = [],
        ["Scripting"] = ["Resp"],
        ["Persistence"] = [],
        ["ControlPlane"] = [],
        ["Coherence"] = [],
        ["Resp"] = [],
        ["Contracts"] = [],
    };

    // Packages that name one technology stay in the project that wraps it.
    private static readonly Dictionary<string, string[]> PackageOwners = new(StringComparer.Ordinal)
    {
        ["Microsoft.FASTER."] = ["Storage"],
        ["System.Interactive.Async"] = ["Storage"],
        ["Microsoft.Orleans."] = ["ControlPlane.Orleans", "Silo"],
        ["KeraLua"] = ["Scripting"],
        ["Npgsql"] = ["Persistence"],
        ["AWSSDK."] = ["Origins"],
        ["System.CommandLine"] = ["Silo", "Cli"],
        ["OpenTelemetry"] = ["Silo"],
    };

    private static readonly string[] Pure = ["Contracts", "Resp", "ControlPlane", "Coherence"];

    public static TheoryData<string> Sources => [.. Repository.Projects("src").Select(Repository.Relative)];

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_project_references_only_what_its_layer_allows(string project)
    {
        var name = Name(project);
        if (name == "Silo") return; // the composition root
        Assert.True(Allowed.ContainsKey(name), $"{name} is not in the table of layers");

        var references = Repository.Items(Full(project), "ProjectReference").Select(Name).ToArray();

        var allowed = name is "Resp" or "Contracts" ? [] : Allowed[name].Append("Contracts").ToArray();
        Assert.Empty(references.Except(allowed));
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_package_of_one_technology_stays_in_the_project_that_wraps_it(string project)
    {
        foreach (var package in Repository.Items(Full(project), "PackageReference"))
        {
            foreach (var (prefix, owners) in PackageOwners)
            {
                if (package.StartsWith(prefix, StringComparison.Ordinal)) Assert.Contains(Name(project), owners);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void A_pure_project_has_neither_packages_nor_the_web_framework(string project)
    {
        if (!Pure.Contains(Name(project))) return;

        Assert.Empty(Repository.Items(Full(project), "PackageReference"));
        Assert.Empty(Repository.Items(Full(project), "FrameworkReference"));
    }

    [Fact]
    public void Versions_of_packages_are_in_the_one_central_file() =>
        Assert.DoesNotContain(
            Repository.Projects("src").Concat(Repository.Projects("test")),
            project => File.ReadAllText(project).Contains(" Version=\"", StringComparison.Ordinal));

    [Fact]
    public void The_table_forbids_what_it_should()
    {
        Assert.DoesNotContain("Storage", Allowed["Node"]);
        Assert.DoesNotContain("Gateway", Allowed["Node"]);
        Assert.All(Pure, name => Assert.Empty(Allowed[name]));
    }

    private static string Full(string project) => Path.Combine(Repository.Root, project);

    private static string Name(string project) =>
        Path.GetFileNameWithoutExtension(project.Replace('\\', '/')).Replace("Hal.Cache.", "", StringComparison.Ordinal);
}
