using Orleans.Serialization.Cloning;

namespace Hal.Cache.ControlPlane.Orleans.Serialization;

/// <summary>Copies nothing: the value is immutable.</summary>
internal sealed class ShallowCopier<T> : IDeepCopier<T>
{
    public T? DeepCopy(T? input, CopyContext context) => input;
}
