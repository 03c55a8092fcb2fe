namespace Hal.Cache.Gateway.Acl;

/// <summary>One line of a file of users: "user NAME rule rule ...", blank, or a comment after '#'.</summary>
internal static class AclFileLine
{
    /// <summary>Adds the line's user; what is wrong with it, else null.</summary>
    public static string? Read(string line, CommandTable table, Dictionary<string, AclRules> users)
    {
        string text = line.Trim();
        if (text.Length == 0 || text[0] == '#') return null;
        string[] words = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words[0] != "user" || words.Length < 2) return "should start with user keyword followed by the username";
        if (AclText.HasSpaces(words[1])) return $"username '{words[1]}' contains invalid characters";
        if (users.ContainsKey(words[1])) return "Duplicate user found. A user can only be defined once in config files";
        if (!AclText.TryJoinSelectors(words[2..], out List<string> rules, out int unmatched))
            return $"Unmatched parenthesis in selector definition starting at '{words[unmatched + 2]}'";
        var built = new AclRules(table);
        foreach (string rule in rules)
        {
            try
            {
                built.Apply(rule);
            }
            catch (AclRuleException refused)
            {
                return $"Error in ACL SETUSER modifier '{rule}': {refused.Message}";
            }
        }

        users[words[1]] = built;
        return null;
    }
}
