using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Conformance.Tests.Servers;

/// <summary>The leaf of a tree with three levels, as the server that clients see; the others run beside it.</summary>
internal sealed class TreeLeaf(SiloProcessOptions? options = null) : IServerUnderTest
{
    private readonly TreeProcesses _tree = TreeProcesses.ThreeLevels(options);

    public string Name => "leaf";

    public int Port => _tree["leaf"].Port;

    public string DataDirectory => _tree["leaf"].DataDirectory;

    public int Pid => _tree["leaf"].Pid;

    public bool IsRunning => _tree["leaf"].IsRunning;

    public string Output => string.Join('\n', _tree.Members.Select(m => m.Output));

    public void Start() => _tree["leaf"].Start();

    public void Kill() => _tree["leaf"].Kill();

    public int Terminate() => _tree["leaf"].Terminate();

    public void Dispose() => _tree.Dispose();
}
