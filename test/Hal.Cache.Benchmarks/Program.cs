using System.CommandLine;
using Hal.Cache.Benchmarks.Load;
using Hal.Cache.Benchmarks.Load.Tree;
using Hal.Cache.Benchmarks.Micro;

var root = new RootCommand("Measures HAL Cache: load beside Redis and Garnet, and small costs with ceilings.")
{
    LoadCommand.Create(),
    MicroCommand.Create(),
    RelayCommand.Create(),
};

// Long enough for three servers to be told to stop, and killed when they do not.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) };
return await root.Parse(args).InvokeAsync(invocation);
