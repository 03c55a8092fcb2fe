using Hal.Cache.Gateway.Commands;

namespace Hal.Cache.Gateway.Acl;

/// <summary>The last refusals, newest first; one like a recent one is counted with it. Safe from any thread.</summary>
internal sealed class AclLog
{
    /// <summary>How many of the newest entries a new refusal is compared with.</summary>
    private const int ComparedMax = 10;

    private static readonly TimeSpan TogetherMax = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private readonly LinkedList<AclLogEntry> entries = [];
    private readonly long[] totals = new long[(int)AclDenial.Channel + 1];
    private long nextId;

    /// <summary>Most entries: acllog-max-len.</summary>
    public int Max { get; private set; } = 128;

    /// <summary>Refusals for a reason since the start, or since the statistics were reset.</summary>
    public long Total(AclDenial reason)
    {
        lock (gate) return totals[(int)reason];
    }

    public void SetMax(int max)
    {
        lock (gate)
        {
            Max = max;
            Trim();
        }
    }

    /// <summary>Notes a refusal.</summary>
    /// <param name="context">Where the command came from, in Redis's words: toplevel, multi or lua.</param>
    /// <param name="about">What was refused: a command's name, a key, a channel, or the name that AUTH was given by.</param>
    public void Add(CommandContext c, AclDenial reason, string context, ReadOnlySpan<byte> about, string user)
    {
        string client = ClientAdminCommands.Describe(c, c.Client, c.Now).ToString().TrimEnd('\n');
        long now = c.Now;
        lock (gate)
        {
            totals[(int)reason]++;
            int compared = 0;
            for (LinkedListNode<AclLogEntry>? node = entries.First; node is not null && compared < ComparedMax; node = node.Next, compared++)
            {
                AclLogEntry entry = node.Value;
                if (entry.Reason != reason || entry.Context != context || entry.User != user || !about.SequenceEqual(entry.Object)
                    || now - entry.UpdatedAt > TogetherMax.TotalMilliseconds) continue;
                entries.Remove(node);
                entries.AddFirst(entry with { Count = entry.Count + 1, Client = client, UpdatedAt = now });
                return;
            }

            entries.AddFirst(new AclLogEntry(nextId++, 1, reason, context, about.ToArray(), user, client, now, now));
            Trim();
        }
    }

    public List<AclLogEntry> Latest(int count)
    {
        lock (gate) return [.. entries.Take(count)];
    }

    public void Reset()
    {
        lock (gate) entries.Clear();
    }

    public void ResetTotals()
    {
        lock (gate) Array.Clear(totals);
    }

    private void Trim()
    {
        while (entries.Count > Max) entries.RemoveLast();
    }
}
