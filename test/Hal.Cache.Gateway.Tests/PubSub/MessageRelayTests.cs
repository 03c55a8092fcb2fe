using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Gateway.PubSub.Relay;
using static Hal.Cache.Gateway.Tests.PubSub.RelayHost;

namespace Hal.Cache.Gateway.Tests.PubSub;

public sealed class MessageRelayTests
{
    [Fact]
    public async Task Nothing_moves_for_a_message_that_nobody_elsewhere_is_subscribed_to()
    {
        await using RelayHost host = await FourAsync();
        host["b"].Subscribe(SubscriptionKind.Channel, "other");
        ClientSession own = host["a"].Subscribe(SubscriptionKind.Channel, "c");
        await host.SettleAsync();
        int before = host.Moved;

        Assert.Equal(1, host["a"].Publish("c", "m"));
        host.Run();

        Assert.Equal(before, host.Moved);
        Assert.Equal(["m"], Instance.Got(own));
    }

    [Fact]
    public async Task A_message_reaches_each_subscription_once_and_is_counted()
    {
        await using RelayHost host = await FourAsync();
        ClientSession[] clients = [.. new[] { "root", "branch", "a", "a", "b" }.Select(name => host[name].Subscribe(SubscriptionKind.Channel, "c"))];
        await host.SettleAsync();

        Assert.Equal(5, host["a"].Publish("c", "1"));
        Assert.Equal(5, host["b"].Publish("c", "2"));
        host.Run();

        Assert.All(clients, client => Assert.Equal(["1", "2"], Instance.Got(client).Order()));
    }

    [Fact]
    public async Task A_subscription_is_known_everywhere_when_it_is_settled_and_no_sooner()
    {
        await using RelayHost host = await FourAsync();
        host["a"].Subscribe(SubscriptionKind.Channel, "c");
        Task settled = host["a"].Relay.SettleAsync();
        Assert.False(settled.IsCompleted);
        Assert.Equal(0, host["b"].Publish("c", "m"));

        await host.UntilAsync(() => settled.IsCompleted);

        Assert.Equal(1, host["b"].Publish("c", "m"));
    }

    [Fact]
    public async Task A_subscription_waits_no_longer_than_its_limit_for_an_instance_that_hangs()
    {
        await using RelayHost host = await FourAsync();
        host["a"].Subscribe(SubscriptionKind.Channel, "c");
        Task settled = host["a"].Relay.SettleAsync(); // no frame moves

        host.Time.Advance(RelayLimits.SettleTimeout);

        await settled.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task What_was_subscribed_behind_a_link_goes_with_it_and_comes_back_with_the_next()
    {
        await using RelayHost host = await FourAsync();
        ClientSession client = host["a"].Subscribe(SubscriptionKind.Channel, "c");
        await host.SettleAsync();
        Assert.Equal(1, host["b"].Relay.CountElsewhere(SubscriptionKind.Channel, "c"u8));

        host.Cut("branch");
        Assert.Equal(0, host["b"].Relay.CountElsewhere(SubscriptionKind.Channel, "c"u8));
        Assert.Equal(0, host["b"].Publish("c", "lost"));
        await host.UntilAsync(() =>
        {
            host.Time.Advance(RelayLimits.ReconnectPause);
            return host["b"].Relay.CountElsewhere(SubscriptionKind.Channel, "c"u8) == 1;
        });

        Assert.Equal(1, host["b"].Publish("c", "m"));
        host.Run();
        Assert.Equal(["m"], Instance.Got(client));
    }

    [Fact]
    public async Task Beyond_the_limit_of_names_every_message_is_asked_for()
    {
        await using RelayHost host = await FourAsync();
        for (int i = 0; i < RelayLimits.NamesMax; i++) host["a"].Subscribe(SubscriptionKind.Channel, $"n{i}");
        ClientSession last = host["a"].Subscribe(SubscriptionKind.Channel, "last");
        ClientSession beyond = host["a"].Subscribe(SubscriptionKind.Channel, "beyond");
        await host.SettleAsync();

        host["b"].Publish("last", "1");
        host["b"].Publish("beyond", "2");
        host.Run();

        Assert.Equal(["1"], Instance.Got(last));
        Assert.Equal(["2"], Instance.Got(beyond));
        Assert.Equal(RelayLimits.NamesMax, host["b"].Relay.NamesElsewhere(SubscriptionKind.Channel).Count());
    }

    [Fact]
    public async Task Messages_for_an_instance_that_takes_none_are_dropped_beyond_the_limit_and_counted()
    {
        await using RelayHost host = await FourAsync();
        host["a"].Subscribe(SubscriptionKind.Channel, "c");
        await host.SettleAsync();
        string message = new('x', 4 << 20);

        for (int i = 0; i < 10; i++) host["b"].Publish("c", message);

        Assert.Equal(10 - ((RelayLimits.QueueBytesMax / message.Length) - 1), host["b"].Relay.Dropped);
    }

    [Fact]
    public async Task A_silent_link_is_closed()
    {
        await using RelayHost host = await FourAsync();
        Assert.Equal(2, host["root"].Relay.LinkCount);

        for (TimeSpan passed = default; passed <= RelayLimits.SilenceMax; passed += RelayLimits.SignOfLife) host.Time.Advance(RelayLimits.SignOfLife); // no frame moves
        Assert.Equal(0, host["root"].Relay.LinkCount);
    }

    [Theory]
    [InlineData("KEA", "KEA", "set", 2)]
    [InlineData("K$", "KEA", "set", 1)]
    [InlineData("Eg", "KEA", "set", 0)]
    [InlineData("", "KEA", "set", 0)]
    [InlineData("Eg", "K$", "del", 1)]
    public async Task An_event_reaches_those_that_ask_for_its_class(string asked, string elsewhere, string name, int expected)
    {
        await using RelayHost host = await FourAsync();
        Assert.True(EventNames.TryParse(asked, out EventClasses classes));
        Assert.True(EventNames.TryParse(elsewhere, out EventClasses others));
        host["a"].Notifications.Classes = classes;
        host["branch"].Notifications.Classes = others;
        ClientSession client = host["a"].Subscribe(SubscriptionKind.Pattern, "__key*");
        await host.SettleAsync();
        using var queue = new EventQueue(host["root"].Relay, authority: null);
        host["root"].Notifications.Queue = queue;

        host["root"].Notifications.Tell(name, "k"u8, 0, running: 0);
        host.Run();

        int got = System.Text.Encoding.Latin1.GetString(client.Outbox.Take().Span).Split("pmessage").Length - 1;
        Assert.Equal(expected, got);
    }

    [Fact]
    public void Frames_of_garbage_are_refused_as_such()
    {
        const int seed = 11;
        var random = new Random(seed);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] frame = new byte[1 + random.Next(40)];
            random.NextBytes(frame);
            frame[0] = (byte)random.Next(6);
            try
            {
                RelayFrames.ReadInterest(frame);
                RelayFrames.ReadMessage(frame, out _, out _, out _, out _);
                RelayFrames.ReadKnown(frame);
            }
            catch (InvalidDataException)
            {
                // The link is closed for it.
            }
        }
    }

    private static async Task<RelayHost> FourAsync()
    {
        var host = new RelayHost();
        host.Add("root").Relay.Start();
        host.Add("branch", "root");
        host.Add("a", "branch");
        host.Add("b", "root");
        foreach (string name in new[] { "branch", "a", "b" }) await host.StartAsync(name);
        return host;
    }
}
