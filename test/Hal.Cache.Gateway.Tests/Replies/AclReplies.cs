namespace Hal.Cache.Gateway.Tests.Replies;

/// <summary>Requests about users with the exact replies of Redis 7.0 and 7.2, line ends as "|": RESP2, then RESP3 where it differs. Each ends with the users that it began with.</summary>
internal static class AclReplies
{
    public static readonly (string Script, string Resp2, string? Resp3)[] Rows =
    [
        ("ACL WHOAMI", "$7|default", null),
        ("ACL USERS", "*1|$7|default", null),
        ("ACL", "-ERR wrong number of arguments for 'acl' command", null),
        ("ACL NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try ACL HELP.", null),
        ("ACL WHOAMI x", "-ERR wrong number of arguments for 'acl|whoami' command", null),
        ("ACL CAT nosuch", "-ERR Unknown category 'nosuch'", null),
        ("ACL CAT a b", "-ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP.", null),
        ("ACL CAT", "*21|$8|keyspace|$4|read|$5|write|$3|set|$9|sortedset|$4|list|$4|hash|$6|string|$6|bitmap|$11|hyperloglog|$3|geo|$6|stream|$6|pubsub|"
            + "$5|admin|$4|fast|$4|slow|$8|blocking|$9|dangerous|$10|connection|$11|transaction|$9|scripting", null),
        ("ACL GETUSER nosuch", "$-1", "_"),
        ("ACL DELUSER default", "-ERR The 'default' user cannot be removed", null),
        ("ACL DELUSER nosuch", ":0", null),
        ("ACL GENPASS 0", "-ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096", null),
        ("ACL GENPASS 4097", "-ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096", null),
        ("ACL GENPASS x", "-ERR value is not an integer or out of range", null),
        ("ACL LOG RESET; ACL LOG", "+OK|*0", null),
        ("ACL LOG x", "-ERR value is not an integer or out of range", null),
        ("ACL LOAD", NoFile, null),
        ("ACL SAVE", NoFile, null),
        ("ACL SETUSER u +nosuch", "-ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL", null),
        ("ACL SETUSER u +@nosuch", "-ERR Error in ACL SETUSER modifier '+@nosuch': Unknown command or category name in ACL", null),
        ("ACL SETUSER u nosuch", "-ERR Error in ACL SETUSER modifier 'nosuch': Syntax error", null),
        ("ACL SETUSER u +config|", "-ERR Error in ACL SETUSER modifier '+config|': Syntax error", null),
        ("ACL SETUSER u +config|get|x", "-ERR Error in ACL SETUSER modifier '+config|get|x': Allowing first-arg of a subcommand is not supported", null),
        ("ACL SETUSER u allkeys ~a", "-ERR Error in ACL SETUSER modifier '~a': Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid "
            + "and does not have any effect. Try 'resetkeys' to start with an empty list of patterns", null),
        ("ACL SETUSER u allchannels &a", "-ERR Error in ACL SETUSER modifier '&a': Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid "
            + "and does not have any effect. Try 'resetchannels' to start with an empty list of channels", null),
        ("ACL SETUSER u <p", "-ERR Error in ACL SETUSER modifier '<p': The password you are trying to remove from the user does not exist", null),
        ("ACL SETUSER u #12", "-ERR Error in ACL SETUSER modifier '#12': The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters", null),
        ("ACL SETUSER u %~a", "-ERR Error in ACL SETUSER modifier '%~a': Syntax error", null),
        ("ACL SETUSER u %RR~a", "-ERR Error in ACL SETUSER modifier '%RR~a': Syntax error", null),
        ("ACL SETUSER u (+get ~a", "-ERR Unmatched parenthesis in acl selector starting at '(+get'.", null),
        ("ACL USERS", "*1|$7|default", null), // none of the above has made the user
        ("ACL SETUSER u; ACL USERS; ACL DELUSER u", "+OK|*2|$7|default|$1|u|:1", null),
        ("ACL DRYRUN nobody GET a", "-ERR User 'nobody' not found", null),
        ("ACL DRYRUN default NOSUCH a", "-ERR Command 'NOSUCH' not found", null),
        ("ACL DRYRUN default GET", "-ERR wrong number of arguments for 'get' command", null),
        ("ACL DRYRUN default GET a", "+OK", null),
        ("ACL SETUSER u +@read %R~r:* %W~w:* %RW~b:*; ACL DRYRUN u GET r:1; ACL DRYRUN u MGET r:1 b:1; ACL DELUSER u", "+OK|+OK|+OK|:1", null),
        ("ACL SETUSER u +set +bitfield ~b %W~w; ACL DRYRUN u SET w v; ACL DRYRUN u SET b v GET; ACL DRYRUN u BITFIELD b GET u8 0; ACL DELUSER u",
            "+OK|+OK|+OK|+OK|:1", null),
        ("ACL SETUSER u nopass +@all %RW~rw*; ACL DRYRUN u MIGRATE h p  0 5000 KEYS rw; ACL DELUSER u", "+OK|+OK|:1", null),
        ("ACL SETUSER u +debug|listpack +debug|sleep; ACL SETUSER u -debug|listpack; ACL DELUSER u",
            "+OK|-ERR Error in ACL SETUSER modifier '-debug|listpack': Unknown command or category name in ACL|:1", null),
        ("ACL SETUSER u +config|get -get +select|0; ACL DRYRUN u CONFIG GET x; ACL DRYRUN u SELECT 0; ACL DELUSER u", "+OK|+OK|+OK|:1", null),
        ("ACL SETUSER u on >p +ping +acl|whoami; AUTH u q; AUTH u p; PING; ACL WHOAMI; AUTH default x; ACL DELUSER u",
            "+OK|-WRONGPASS invalid username-password pair or user is disabled.|+OK|+PONG|$1|u|+OK|:1", null),
        ("ACL SETUSER u off nopass; AUTH u q; ACL DELUSER u", "+OK|-WRONGPASS invalid username-password pair or user is disabled.|:1", null),
        ("ACL SETUSER u on nopass; AUTH u q; RESET; ACL WHOAMI; ACL DELUSER u", "+OK|+OK|+RESET|$7|default|:1", null),
    ];

    private const string NoFile = "-ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then "
        + "issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.";
}
