using Hal.Cache.Contracts;

namespace Hal.Cache.Gateway.Tests;

public sealed class RespErrorsTests
{
    [Fact]
    public void Of_has_a_reply_when_it_is_given_any_code()
    {
        foreach (CacheErrorCode code in Enum.GetValues<CacheErrorCode>())
        {
            string reply = RespErrors.Of(new CacheError(code, "why"));

            Assert.Matches("^(OOM|ERR|MISCONF|TRYAGAIN) .+", reply);
        }
    }
}
