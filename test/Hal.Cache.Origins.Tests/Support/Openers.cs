using Hal.Cache.Origins.FileSystem;

namespace Hal.Cache.Origins.Tests.Support;

/// <summary>The ways to open a file that every test of safety runs with, by name.</summary>
public static class Openers
{
    public const string Kernel = "openat2";
    public const string Checking = "checking";

    public static string[] Names { get; } = [Kernel, Checking];

    public static TheoryData<string> All { get; } = [.. Names];

    internal static IBeneathOpener Make(string name) =>
        name == Kernel ? new KernelOpener(new CheckingOpener()) : new CheckingOpener();
}
