using System.Buffers;
using System.IO.Pipelines;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Testing.Connections;

/// <summary>A pipe's writer that takes lent bytes, too, keeps them until the next flush, and fails there where they are not what they were.</summary>
public sealed class LendingWriter(PipeWriter inner) : PipeWriter, ILendingOutput
{
    private readonly List<(LentBytes Lent, byte[] Was)> kept = [];

    /// <summary>Pieces that were lent so far.</summary>
    public int Taken { get; private set; }

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    /// <inheritdoc/>
    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <inheritdoc/>
    public void Lend(in LentBytes bytes)
    {
        inner.Write(bytes.Span);
        kept.Add((bytes, bytes.Span.ToArray()));
        Taken++;
    }

    /// <inheritdoc/>
    public override void Advance(int bytes) => inner.Advance(bytes);

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ReturnAll();
        return inner.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        ReturnAll();
        inner.Complete(exception);
    }

    private void ReturnAll()
    {
        foreach ((LentBytes lent, byte[] was) in kept)
        {
            if (!lent.Span.SequenceEqual(was))
                throw new InvalidOperationException("Lent bytes changed before they were returned.");
            lent.Return();
        }

        kept.Clear();
    }
}
