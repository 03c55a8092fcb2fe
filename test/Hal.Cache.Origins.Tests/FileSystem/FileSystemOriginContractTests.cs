using Hal.Cache.Contracts.Origins;
using Hal.Cache.ContractSuites;
using Hal.Cache.Origins.FileSystem;
using Hal.Cache.Origins.Tests.Support;

namespace Hal.Cache.Origins.Tests.FileSystem;

public abstract class FileSystemOriginContractTests : OriginContract, IDisposable
{
    private readonly OriginDirectory directory = new();
    private readonly FileSystemOrigin origin;

    protected FileSystemOriginContractTests(string opener) => origin = directory.Open(opener: Openers.Make(opener));

    protected override IOrigin Origin => origin;

    protected IOrigin Plain => origin;

    public void Dispose()
    {
        origin.Dispose();
        directory.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override ValueTask PutAsync(string path, byte[] content)
    {
        directory.Replace(path, content);
        return ValueTask.CompletedTask;
    }

    protected override ValueTask RemoveAsync(string path)
    {
        File.Delete(directory.In(path));
        return ValueTask.CompletedTask;
    }
}

public sealed class KernelOpenerContractTests() : FileSystemOriginContractTests(Openers.Kernel);

public sealed class CheckingOpenerContractTests() : FileSystemOriginContractTests(Openers.Checking);

/// <summary>The same from threads that must not wait, where what the kernel has in memory is answered at once.</summary>
public sealed class CalledOnOwnThreadsContractTests() : FileSystemOriginContractTests(Openers.Kernel)
{
    protected override IOrigin Origin => new CalledOnOwnThreads(Plain);
}
