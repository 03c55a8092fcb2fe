namespace Hal.Cache.Transport;

/// <summary>
/// How many threads drive the event loops, found by trying: another number is tried for a moment where it may help, and kept where more bytes move with
/// more threads, or as many with fewer. A trial that failed is repeated ever more rarely, until the load changes. (Hill climbing, as for the thread pool
/// in J. Hellerstein et al., "Optimizing Concurrency Levels in the .NET ThreadPool", FeBID 2009, with trials in place of a filtered signal.)
/// </summary>
internal sealed class ThreadGovernor(int threadsMax)
{
    /// <summary>Time between looks while there is work.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMilliseconds(20);

    /// <summary>A window much longer than that had pauses in it: nothing follows from its rate.</summary>
    private static readonly TimeSpan WindowMax = 3 * Window;

    private const double BusyMin = 0.7; // threads with less to do gain nothing by another one
    private const double IdleMax = 0.3; // so little is done by half of them as well
    private const double GainMin = 1.05;
    private const double LossMax = 0.98;
    private const double LoadChange = 2;
    private const int TrialWindows = 4; // the first of them is the change's own
    private const int AverageWindows = 4;
    private const int WaitFirst = 3;
    private const int WaitBack = 25; // from a change that was kept to the trial of the way back
    private const int WaitMax = 640;

    private int threads = 1;
    private double rate; // bytes per second, averaged over the last windows
    private int windows; // since the last change
    private int waitMore = WaitFirst;
    private int waitFewer = WaitFirst;
    private Trial? trial;

    /// <summary>The number of threads from now on, after a window with as many as the last answer said.</summary>
    public int Look(LoopWindow window)
    {
        if (window.Elapsed > WindowMax)
        {
            threads = trial?.Before ?? threads;
            if (window.Busy < IdleMax * threads)
                threads = Math.Max(1, threads / 2);
            Begin();
        }
        else if (threads > 1 && window.Busy < IdleMax * threads)
        {
            threads /= 2;
            Begin();
        }
        else if (trial is { } running)
        {
            Measure(running, window);
        }
        else
        {
            Watch(window);
        }

        return threads;
    }

    private void Watch(LoopWindow window)
    {
        double now = window.Bytes / window.Elapsed.TotalSeconds;
        if (windows > 0 && (now > rate * LoadChange || now < rate / LoadChange))
        {
            Begin();
            (waitMore, waitFewer) = (Math.Min(waitMore, WaitFirst), Math.Min(waitFewer, WaitFirst));
        }

        windows++;
        rate += (now - rate) / Math.Min(windows, AverageWindows);
        if (threads < threadsMax && window.Busy > BusyMin * threads && windows >= waitMore)
            Try(Math.Min(threads * 2, threadsMax));
        else if (threads > 1 && windows >= waitFewer)
            Try(threads / 2);
    }

    private void Try(int number)
    {
        trial = new(threads, rate);
        threads = number;
    }

    private void Measure(Trial running, LoopWindow window)
    {
        running.Count(window);
        if (running.Windows < TrialWindows)
            return;
        bool isMore = threads > running.Before;
        bool isKept = running.Gain >= (isMore ? GainMin : LossMax);
        if (isMore)
            (waitMore, waitFewer) = isKept ? (WaitFirst, WaitBack) : (Later(waitMore), waitFewer);
        else
            (waitMore, waitFewer) = isKept ? (WaitBack, WaitFirst) : (waitMore, Later(waitFewer));
        if (!isKept)
            threads = running.Before;
        Begin();
    }

    /// <summary>The last answer can't be had: so many threads run, and more are tried again much later.</summary>
    public void Refused(int running)
    {
        (threads, waitMore) = (running, WaitMax);
        Begin();
    }

    private void Begin() => (windows, rate, trial) = (0, 0, null);

    private static int Later(int wait) => Math.Min(wait * 2, WaitMax);

    private sealed class Trial(int before, double rate)
    {
        private double bytes;
        private double seconds;

        public int Before => before;

        public int Windows { get; private set; }

        public double Gain => bytes / seconds / rate;

        public void Count(LoopWindow window)
        {
            if (Windows++ == 0)
                return;
            bytes += window.Bytes;
            seconds += window.Elapsed.TotalSeconds;
        }
    }
}
