namespace Hal.Cache.Gateway.Acl;

/// <summary>Rules as words: bytes as Latin-1 text.</summary>
internal static class AclText
{
    public static bool HasSpaces(string text) => text.Any(c => c is '\0' or ' ' or (>= '\t' and <= '\r'));

    /// <summary>Puts the words of each "( ... )" together as one rule; false, with the place of its beginning, where one is not closed.</summary>
    public static bool TryJoinSelectors(IReadOnlyList<string> words, out List<string> rules, out int unmatched)
    {
        rules = [];
        unmatched = -1;
        string? open = null;
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            if (open is not null) open += ' ' + word;
            else if (word.StartsWith('(') && !word.EndsWith(')')) (open, unmatched) = (word, i);
            else rules.Add(word);
            if (open is null || !word.EndsWith(')')) continue;
            rules.Add(open);
            (open, unmatched) = (null, -1);
        }

        return open is null;
    }
}
