using System.Diagnostics;
using System.Globalization;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests.Linearizability;

/// <summary>Kills and restarts processes of a tree and its control plane, or lets them stand still for a while, as the seed has it.</summary>
internal sealed class FaultPlan(TreeProcesses tree, SiloProcess plane, Random random)
{
    private const int TimesLongerMax = 4;

    private readonly List<string> _told = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TreeMember? _frozen;
    private TimeSpan _thawAt;

    /// <summary>
    /// Runs until the time is over, and longer, <see cref="TimesLongerMax"/> times that at most, where a machine under load has not done enough; then sees to
    /// it that all run. What was done, and when.
    /// </summary>
    public IReadOnlyList<string> Run(TimeSpan duration, Func<bool> isEnough)
    {
        using var pause = new ManualResetEventSlim();
        // In any run, and early: a leaf that wakes up after its lease has ended and others have written.
        Freeze(tree.Members[^1], TimeSpan.FromSeconds(7));
        while (_clock.Elapsed < duration || (!isEnough() && _clock.Elapsed < duration * TimesLongerMax))
        {
            pause.Wait(TimeSpan.FromMilliseconds(random.Next(300, 1500)));
            if (_frozen is not null && _clock.Elapsed >= _thawAt) Thaw();
            if (_frozen is null && random.Next(6) == 0)
            {
                Freeze(tree.Members[random.Next(tree.Members.Count)], TimeSpan.FromMilliseconds(random.Next(300, 7000)));
                continue;
            }

            var victims = Enumerable.Range(0, tree.Members.Count + 1).OrderBy(_ => random.Next())
                .Where(v => v == tree.Members.Count || tree.Members[v] != _frozen).Take(random.Next(4) == 0 ? 2 : 1).ToArray();
            foreach (var victim in victims) Kill(victim);
            pause.Wait(TimeSpan.FromMilliseconds(random.Next(50, 800)));
            foreach (var victim in victims) Start(victim);
        }

        if (_frozen is not null) Thaw();
        return _told;
    }

    private void Freeze(TreeMember member, TimeSpan time)
    {
        (_frozen, _thawAt) = (member, _clock.Elapsed + time);
        Tell($"{member.Name} stands still");
        member.Pause();
    }

    private void Thaw()
    {
        _frozen!.Resume();
        Tell($"{_frozen.Name} goes on");
        _frozen = null;
    }

    private void Kill(int victim)
    {
        if (victim == tree.Members.Count) plane.Kill();
        else tree.Members[victim].Kill();
        Tell($"{Name(victim)} killed");
    }

    private void Start(int victim)
    {
        if (victim == tree.Members.Count) plane.Start();
        else tree.Members[victim].Start();
        Tell($"{Name(victim)} is back");
    }

    private string Name(int victim) => victim == tree.Members.Count ? "control plane" : tree.Members[victim].Name;

    private void Tell(string what) => _told.Add(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds:F1} s: {what}"));
}
