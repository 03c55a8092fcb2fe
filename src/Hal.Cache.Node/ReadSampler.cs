using System.Numerics;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node;

/// <summary>
/// Which keys are read, from samples: every read while there are few, one in ever more while there are many, so that the memory and what
/// a read costs stay bounded. A sample stands for as many reads as were passed over for it.
/// </summary>
public sealed class ReadSampler
{
    /// <summary>Samples that each processor keeps until they are taken.</summary>
    public const int SamplesMax = 512;

    /// <summary>Keys that are longer, in bytes, are not sampled.</summary>
    public const int KeyBytesMax = 1024;

    private const int StrideMax = 1 << 20;

    private readonly Stripe[] stripes =
        [.. Enumerable.Range(0, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 64))).Select(_ => new Stripe())];

    /// <summary>Notes a read. Never waits, allocates nothing.</summary>
    public void Read(in BlobKey key)
    {
        Stripe stripe = stripes[Thread.GetCurrentProcessorId() & (stripes.Length - 1)];
        if (--stripe.Skip <= 0) // threads may race: a read more or less is of no consequence
            stripe.Take(key);
    }

    /// <summary>The most read keys since the last call, first first, with how often each was read about.</summary>
    public IReadOnlyList<KeyReads> Take(int max)
    {
        var reads = new Dictionary<CacheKey, long>();
        foreach (Stripe stripe in stripes)
            stripe.Give(reads);
        return [.. reads.OrderByDescending(r => r.Value).Take(max).Select(r => new KeyReads(r.Key, r.Value))];
    }

    private sealed class Stripe
    {
        private readonly Lock gate = new();
        private readonly byte[] bytes = new byte[64 << 10];
        private readonly Sample[] samples = new Sample[SamplesMax];
        private int count;
        private int used;
        private int stride = 1;

        /// <summary>Reads until the next sample.</summary>
        public int Skip;

        public void Take(in BlobKey key)
        {
            if (key.Bytes.Length > KeyBytesMax || !gate.TryEnter())
                return;
            try
            {
                if (count == SamplesMax || used + key.Bytes.Length > bytes.Length)
                    Thin();
                key.Bytes.CopyTo(bytes.AsSpan(used));
                samples[count++] = new(used, key.Bytes.Length, key.Database, stride);
                used += key.Bytes.Length;
                Skip = stride;
            }
            finally
            {
                gate.Exit();
            }
        }

        public void Give(Dictionary<CacheKey, long> reads)
        {
            lock (gate)
            {
                foreach (Sample sample in samples.AsSpan(0, count))
                {
                    var key = new CacheKey(bytes.AsMemory(sample.Start, sample.Length), sample.Database);
                    if (reads.TryGetValue(key, out long before))
                        reads[key] = before + sample.Weight;
                    else
                        reads.Add(new CacheKey(key.Bytes.ToArray(), key.Database), sample.Weight);
                }

                if (count < SamplesMax / 4)
                    stride = Math.Max(1, stride / 2);
                (count, used, Skip) = (0, 0, 0);
            }
        }

        // Every second sample goes, and the others stand for twice as many reads, as those do that come.
        private void Thin()
        {
            stride = Math.Min(StrideMax, stride * 2);
            int kept = 0;
            used = 0;
            for (int index = 1; index < count; index += 2)
            {
                Sample sample = samples[index];
                bytes.AsSpan(sample.Start, sample.Length).CopyTo(bytes.AsSpan(used));
                samples[kept++] = sample with { Start = used, Weight = sample.Weight * 2 };
                used += sample.Length;
            }

            count = kept;
        }

        private readonly record struct Sample(int Start, int Length, int Database, long Weight);
    }
}
