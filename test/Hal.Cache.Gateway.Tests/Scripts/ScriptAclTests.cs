using Hal.Cache.Gateway.Tests.Server;

namespace Hal.Cache.Gateway.Tests.Scripts;

/// <summary>What a script, and SORT's patterns, may do is what the user may who runs it; the words are those of Redis 7.2.</summary>
public sealed class ScriptAclTests
{
    private const string Limited = "on nopass +@scripting +get +set ~a* %R~r* &c";

    [Theory]
    [InlineData("return redis.call('get', 'a1')", "$-1")]
    [InlineData("return redis.call('set', 'a1', 'v')", "+OK")]
    [InlineData("return redis.call('get', 'r1')", "$-1")]
    [InlineData("return redis.call('set', 'r1', 'v')", "-ERR ACL failure in script: No permissions to access a key script: SHA, on @user_script:1.")]
    [InlineData("return redis.call('get', 'b')", "-ERR ACL failure in script: No permissions to access a key script: SHA, on @user_script:1.")]
    [InlineData("return redis.call('del', 'a1')", "-ERR ACL failure in script: User u has no permissions to run the 'del' command script: SHA, on @user_script:1.")]
    [InlineData("return redis.pcall('del', 'a1')", "-ERR ACL failure in script: User u has no permissions to run the 'del' command")]
    [InlineData("return redis.pcall('del', 'a1').err", "$77|ERR ACL failure in script: User u has no permissions to run the 'del' command")]
    [InlineData("return {redis.acl_check_cmd('get', 'a1'), redis.acl_check_cmd('set', 'r1', 'v'), redis.acl_check_cmd('del', 'a1')}", "*3|:1|$-1|$-1")]
    public async Task A_script_may_do_what_its_user_may(string script, string expected)
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["ACL", "SETUSER", "u", .. Limited.Split(' ')]);
        await host["a"].RunAsync(["AUTH", "u", "x"]);

        string got = await host["a"].RunAsync(["EVAL", script, "0"]);

        got = System.Text.RegularExpressions.Regex.Replace(got.Replace("\r\n", "|", StringComparison.Ordinal), "[0-9a-f]{40}", "SHA");
        Assert.Equal(expected + "|", got);
    }

    [Fact]
    public async Task Functions_are_checked_too_and_refusals_are_logged_as_those_of_scripts()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function(keys) return redis.call('get', keys[1]) end)"]);
        await host["b"].RunAsync(["ACL", "SETUSER", "u", "on", "nopass", "+fcall", "~a"]);
        await host["a"].RunAsync(["AUTH", "u", "x"]);

        string got = await host["a"].RunAsync(["FCALL", "f", "1", "a"]);

        Assert.StartsWith("-ERR ACL failure in script: User u has no permissions to run the 'get' command script: f, on @user_function:2.", got, StringComparison.Ordinal);
        Assert.Contains("context\r\n$3\r\nlua\r\n$6\r\nobject\r\n$3\r\nget\r\n", await host["b"].RunAsync(["ACL", "LOG"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("~*", "SORT a BY w:* GET g:*", "*1|$-1|")]
    [InlineData("%R~* %W~a", "SORT a BY w:* GET # GET g:*", "*2|$1|1|$-1|")]
    [InlineData("~a", "SORT a", "*1|$1|1|")]
    [InlineData("~a", "SORT a BY nosort", "*1|$1|1|")]
    [InlineData("~a", "SORT a BY w:*", "-ERR BY option of SORT denied due to insufficient ACL permissions.|")]
    [InlineData("~a", "SORT_RO a GET g:*", "-ERR GET option of SORT denied due to insufficient ACL permissions.|")]
    [InlineData("~a ~w:* ~g:*", "SORT a GET #", "-ERR GET option of SORT denied due to insufficient ACL permissions.|")]
    public async Task Patterns_of_sort_need_the_right_to_read_every_key(string keys, string command, string expected)
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["RPUSH", "a", "1"]);
        await host["b"].RunAsync(["ACL", "SETUSER", "u", "on", "nopass", "+@all", .. keys.Split(' ')]);
        await host["a"].RunAsync(["AUTH", "u", "x"]);

        Assert.Equal(expected, (await host["a"].RunAsync(command.Split(' '))).Replace("\r\n", "|", StringComparison.Ordinal));
    }
}
