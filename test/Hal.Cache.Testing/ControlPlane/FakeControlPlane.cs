using System.Collections.Concurrent;
using System.Reflection;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Testing.ControlPlane;

/// <summary>A control plane that answers what a test told it to, and remembers what it was asked; a call nobody foresaw throws.</summary>
public sealed class FakeControlPlane : IControlPlane
{
    private readonly ConcurrentDictionary<string, Func<object?[], object>> answers = new(StringComparer.Ordinal);

    public FakeControlPlane()
    {
        Instances = RoleProxy.Create<IInstances>(this);
        Content = RoleProxy.Create<IContent>(this);
        Topology = RoleProxy.Create<ITopology>(this);
        Routing = RoleProxy.Create<IRouting>(this);
        Ownership = RoleProxy.Create<IOwnership>(this);
        Events = RoleProxy.Create<IEvents>(this);
        Scheduling = RoleProxy.Create<IScheduling>(this);
        Batches = RoleProxy.Create<IBatches>(this);
        Analytics = RoleProxy.Create<IAnalytics>(this);
    }

    public IInstances Instances { get; }

    public IContent Content { get; }

    public ITopology Topology { get; }

    public IRouting Routing { get; }

    public IOwnership Ownership { get; }

    public IEvents Events { get; }

    public IScheduling Scheduling { get; }

    public IBatches Batches { get; }

    public IAnalytics Analytics { get; }

    /// <summary>Calls so far, as ROLE.METHOD, with their arguments but for the cancellation token.</summary>
    public ConcurrentQueue<(string Call, object?[] Arguments)> Calls { get; } = new();

    /// <summary>Answers a call, named as in <c>IInstances.GetAsync</c>, with a value, a <see cref="CacheError"/>, or for a subscription its items.</summary>
    public FakeControlPlane On(string call, Func<object?[], object> answer)
    {
        answers[call] = answer;
        return this;
    }

    public FakeControlPlane On(string call, object answer) => On(call, _ => answer);

    private object? Answer(MethodInfo method, object?[] arguments)
    {
        var call = $"{method.DeclaringType!.Name}.{method.Name}";
        Calls.Enqueue((call, [.. arguments.Where(a => a is not CancellationToken)]));
        if (!answers.TryGetValue(call, out var answer)) throw new InvalidOperationException($"Nobody told this control plane what to answer to {call}.");
        var value = answer(arguments);
        if (method.ReturnType.GetGenericTypeDefinition() != typeof(Task<>)) return value;
        var result = method.ReturnType.GetGenericArguments()[0].GetGenericArguments()[0];
        return typeof(FakeControlPlane).GetMethod(nameof(Wrap), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(result).Invoke(null, [value]);
    }

    private static Task<Result<T>> Wrap<T>(object value) => Task.FromResult(value is CacheError error ? (Result<T>)error : (Result<T>)(T)value);

    private class RoleProxy : DispatchProxy
    {
        private FakeControlPlane? plane;

        public static T Create<T>(FakeControlPlane plane)
            where T : class
        {
            var role = Create<T, RoleProxy>();
            ((RoleProxy)(object)role).plane = plane;
            return role;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => plane!.Answer(targetMethod!, args!);
    }
}
