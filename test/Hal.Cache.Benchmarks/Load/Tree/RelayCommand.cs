using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>The hidden <c>relay</c> verb: this program as the <see cref="Relay"/> that the tree's table measures beside a leaf.</summary>
internal static class RelayCommand
{
    public static Command Create()
    {
        var listen = new Option<int>("--listen") { Required = true };
        var to = new Option<int>("--to") { Required = true };
        var command = new Command("relay", "Passes what a port answers on to its clients, and keeps it.") { listen, to };
        command.Hidden = true;
        command.SetAction(parse =>
        {
            using var listener = new TcpListener(IPAddress.Loopback, parse.GetValue(listen));
            listener.Start();
            Console.WriteLine(RunningRelay.Ready);
            new Relay(new IPEndPoint(IPAddress.Loopback, parse.GetValue(to)), listener).Run();
        });
        return command;
    }
}
