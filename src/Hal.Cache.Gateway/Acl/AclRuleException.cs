namespace Hal.Cache.Gateway.Acl;

/// <summary>A rule that can't be applied; the message is Redis's. It never leaves <see cref="AclUsers"/>, whose edges return it as a value.</summary>
internal sealed class AclRuleException(string message) : Exception(message)
{
    public static AclRuleException Unknown => new("Unknown command or category name in ACL");

    public static AclRuleException Syntax => new("Syntax error");

    public static AclRuleException AfterAllKeys => new(
        "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns");

    public static AclRuleException AfterAllChannels => new(
        "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels");

    public static AclRuleException NoSuchPassword => new("The password you are trying to remove from the user does not exist");

    public static AclRuleException BadHash => new("The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters");

    public static AclRuleException FirstArgumentOfSubcommand => new("Allowing first-arg of a subcommand is not supported");

    public static AclRuleException TooMany => new("The user has too many rules");
}
