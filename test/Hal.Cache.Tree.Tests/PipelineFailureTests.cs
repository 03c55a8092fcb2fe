using System.Globalization;
using System.Text;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Network;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>Writes that a client pipelines at a leaf whose connections to the root break.</summary>
public sealed class PipelineFailureTests
{
    private const int Rounds = 60, Writes = 50;

    [Fact]
    public void Each_write_of_a_pipeline_is_made_once_and_in_its_order_when_connections_break_in_the_middle()
    {
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Links = [("leaf", "root")] }, ("root", null), ("leaf", "root"));
        LinkProxy link = tree.Link("leaf", "root");
        using var leaf = new RespTestClient(tree["leaf"].Port);
        using var root = new RespTestClient(tree["root"].Port);
        byte[] pipeline = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("INCR n\r\nAPPEND log x\r\n", Writes)));
        long last = 0, appended = 0, answered = 0, unknown = 0;
        for (int round = 0; round < Rounds; round++)
        {
            leaf.SendRaw(pipeline);
            if (round % 3 == 1)
            {
                // The first reply shows that the writes are on their way.
                Take(isCount: true);
                link.Reset();
                link.Heal();
            }

            for (int reply = round % 3 == 1 ? 1 : 0; reply < 2 * Writes; reply++) Take(isCount: reply % 2 == 0);
        }

        long count = long.Parse(root.Command("GET", "n").Text, CultureInfo.InvariantCulture), length = root.Command("STRLEN", "log").Number;
        Assert.InRange(count + length, answered, answered + unknown);
        Assert.True(answered > Rounds * Writes, $"only {answered} writes were answered");

        // A connection that is back at once leaves no doubt, unless the machine stood still for longer than a forwarded command is tried.
        void Take(bool isCount)
        {
            var reply = leaf.Receive();
            if (reply.IsError)
            {
                Assert.Matches("outcome unknown|^TRYAGAIN", reply.Text);
                unknown++;
                return;
            }

            ref long before = ref isCount ? ref last : ref appended;
            Assert.InRange(reply.Number, before + 1, before + 1 + unknown);
            before = reply.Number;
            answered++;
        }
    }
}
