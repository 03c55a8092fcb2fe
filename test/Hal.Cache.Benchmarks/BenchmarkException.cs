namespace Hal.Cache.Benchmarks;

/// <summary>A server or client that could not be measured; its message goes into the table and the run goes on.</summary>
internal sealed class BenchmarkException : Exception
{
    public BenchmarkException()
    {
    }

    public BenchmarkException(string message) : base(message)
    {
    }

    public BenchmarkException(string message, Exception inner) : base(message, inner)
    {
    }
}
