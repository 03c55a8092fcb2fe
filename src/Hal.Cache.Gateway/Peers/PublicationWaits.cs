using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Gateway.Peers;

/// <summary>
/// What a connection's unsent replies wait for at an authority: the publication of every change that their commands made or saw. A command
/// that saw one that is not published yet must not tell of it before.
/// </summary>
internal sealed class PublicationWaits
{
    private readonly List<long> tickets = [];

    public bool IsEmpty => tickets.Count == 0;

    /// <summary>The tickets so far.</summary>
    public long[] ToArray() => [.. tickets];

    /// <summary>Notes what the command has changed and which of its keys are being changed; while it has its locks. Answers the ticket of its changes.</summary>
    public long Note(CommandContext context, AuthorityHost authority)
    {
        long ticket = authority.EndChanges(context.Writer);
        Add(ticket);
        NoteKeys(context, authority);
        return ticket;
    }

    /// <summary>Notes what was changed under the locks that are held; answers its ticket, 0 for none.</summary>
    public long NoteChanges(AuthorityHost authority)
    {
        long ticket = authority.EndChanges();
        Add(ticket);
        return ticket;
    }

    /// <summary>Notes which of the command's keys are being changed.</summary>
    public void NoteKeys(CommandContext context, AuthorityHost authority)
    {
        if (!authority.HasRounds || context.Spec.IsKeyless)
            return;
        Note(context, context.Spec.Keys, authority);
        foreach (KeySpec keys in context.Spec.MoreKeys)
            Note(context, keys, authority);
    }

    /// <summary>Adds what a forwarded command of before waits for.</summary>
    public void Add(long[] more)
    {
        foreach (long ticket in more)
            Add(ticket);
    }

    /// <summary>Completes when all of it is published.</summary>
    public async ValueTask PublishedAsync(AuthorityHost authority)
    {
        foreach (long ticket in tickets)
            await authority.PublishedAsync(ticket).ConfigureAwait(false);
        tickets.Clear();
    }

    private void Note(CommandContext context, KeySpec keys, AuthorityHost authority)
    {
        if (!keys.TryRange(context, out int from, out int to))
            return;
        for (int arg = from; arg <= to; arg += keys.Step)
        {
            BlobKey key = context.Key(arg);
            Add(authority.TicketOf(key));
        }
    }

    private void Add(long ticket)
    {
        if (ticket != 0 && !tickets.Contains(ticket))
            tickets.Add(ticket);
    }
}
