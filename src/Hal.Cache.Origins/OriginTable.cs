using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Origins;
using Hal.Cache.Origins.FileSystem;

namespace Hal.Cache.Origins;

/// <summary>The mounts of an instance, made from its <c>PREFIX=URI</c> settings; disposing it closes the origins.</summary>
public sealed class OriginTable : IOriginTable, IDisposable
{
    /// <summary>Most mounts of one instance.</summary>
    public const int MountsMax = 64;

    /// <summary>One line for each scheme.</summary>
    private static readonly IOriginFactory[] Factories =
    [
        new FileSystemOriginFactory(),
    ];

    // By a key's first byte, so that a key under no prefix costs one load; null where no prefix begins with that byte.
    private readonly OriginMount[]?[] byFirstByte = new OriginMount[]?[256];

    private OriginTable(List<OriginMount> mounts)
    {
        Mounts = [.. mounts.OrderByDescending(mount => mount.Prefix.Length)];
        foreach (var group in Mounts.GroupBy(mount => mount.Prefix.Span[0]))
        {
            byFirstByte[group.Key] = [.. group]; // keeps the order: longest first
        }
    }

    /// <summary>A table without mounts, for an instance that has no origin.</summary>
    public static OriginTable Empty { get; } = new([]);

    public IReadOnlyList<OriginMount> Mounts { get; }

    /// <summary>
    /// Opens an origin for each of <paramref name="settings"/>; a bad one gives <see cref="CacheErrorCode.Invalid"/> with one line that
    /// names the setting, its value and the rule.
    /// </summary>
    public static Result<OriginTable> Create(IEnumerable<string> settings) => Create(settings, TimeProvider.System);

    /// <inheritdoc cref="Create(IEnumerable{string})"/>
    public static Result<OriginTable> Create(IEnumerable<string> settings, TimeProvider time)
    {
        var mounts = new List<OriginMount>();
        foreach (var setting in settings)
        {
            var mount = mounts.Count < MountsMax
                ? CreateMount(setting, mounts, time)
                : Broken(string.Create(CultureInfo.InvariantCulture, $"there may be at most {MountsMax} origins"));
            if (!mount.IsOk)
            {
                Close(mounts);
                return Broken($"Origin is '{OriginText.Printable(setting)}'; {mount.Error.Message}.");
            }

            mounts.Add(mount.Value);
        }

        return new OriginTable(mounts);
    }

    public bool TryMatch(ReadOnlySpan<byte> key, [NotNullWhen(true)] out OriginMount? mount)
    {
        if (!key.IsEmpty && byFirstByte[key[0]] is { } candidates)
        {
            foreach (var candidate in candidates)
            {
                if (key.StartsWith(candidate.Prefix.Span))
                {
                    mount = candidate;
                    return true;
                }
            }
        }

        mount = null;
        return false;
    }

    /// <summary>Says where the instance's store writes, by which the mounts with <c>spill=auto</c> go.</summary>
    public void StoreIs(string directory)
    {
        foreach (var mount in Mounts)
        {
            mount.StoreIs(directory);
        }
    }

    public void Dispose() => Close(Mounts);

    private static Result<OriginMount> CreateMount(string text, List<OriginMount> others, TimeProvider time)
    {
        var parsed = MountSetting.Parse(text);
        if (!parsed.IsOk)
        {
            return parsed.Error;
        }

        var setting = parsed.Value;
        if (others.Exists(other => other.Prefix.Span.SequenceEqual(setting.Prefix)))
        {
            return Broken("another origin has the same prefix");
        }

        var factory = Array.Find(Factories, each => each.Scheme == setting.Uri.Scheme);
        if (factory is null)
        {
            return Broken($"the URI's scheme must be one of: {string.Join(", ", Factories.Select(each => each.Scheme))}");
        }

        var origin = factory.Create(setting.Uri, setting.Freshness, time);
        return origin.IsOk ? new OriginMount(setting.Prefix, origin.Value, setting.Freshness, setting.Spills) : origin.Error;
    }

    private static void Close(IEnumerable<OriginMount> mounts)
    {
        foreach (var mount in mounts)
        {
            (mount.Origin as IDisposable)?.Dispose();
        }
    }

    private static CacheError Broken(string message) => new(CacheErrorCode.Invalid, message);
}
