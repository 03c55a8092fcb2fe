using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>The grains of one tree, as one of them, a silo or a client calls the others.</summary>
internal sealed class TreeGrains
{
    // What a grain has to tell it tells again, at the next occasion.
    private const int GrainAttemptsMax = 3;

    private readonly Func<IGrainFactory> grains;

    /// <param name="grains">Asked for at each call, since a member that joins again has others.</param>
    /// <param name="homes">Where records are; null at a client.</param>
    /// <param name="key">The tree, and whose calls these are.</param>
    /// <param name="calls">How often a call is made.</param>
    public TreeGrains(Func<IGrainFactory> grains, Func<RecordHomes?> homes, TreeKey key, GrainCalls calls)
    {
        (this.grains, Key, Calls) = (grains, key, calls);
        Records = new RecordCalls(grains, homes, key.Tree, calls);
        Links = new LinkCalls(grains, key.Tree, calls);
        Jobs = new JobCalls(grains, key.Tree, calls);
        BatchRecords = new BatchCalls(batch => grains().GetGrain<IBatchGrain>(TreeKey.Of(key.Tree, batch)), calls);
    }

    public TreeKey Key { get; }

    public GrainCalls Calls { get; }

    public RecordCalls Records { get; }

    public LinkCalls Links { get; }

    public JobCalls Jobs { get; }

    public BatchCalls BatchRecords { get; }

    public ITreeGrain Tree => Role<ITreeGrain>();

    public IInstancesGrain Instances => Role<IInstancesGrain>();

    public IBatchesGrain Batches => Role<IBatchesGrain>();

    /// <summary>The others, for a grain of a tree that has many of its kind.</summary>
    public static TreeGrains Of(IGrainWithStringKey grain, IGrainFactory factory, RecordHomes homes, OrleansPlaneOptions options) =>
        new(() => factory, () => homes, TreeKey.Parse(grain.GetPrimaryKeyString()), new GrainCalls(options, TimeProvider.System, GrainAttemptsMax));

    /// <summary>What the tree has one grain for.</summary>
    public T Role<T>()
        where T : IGrainWithStringKey => grains().GetGrain<T>(Key.Tree);

    public ICacheInstanceGrain Instance(string name) => grains().GetGrain<ICacheInstanceGrain>(TreeKey.Of(Key.Tree, name));
}
