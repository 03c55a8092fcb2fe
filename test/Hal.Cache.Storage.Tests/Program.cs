using Hal.Cache.Storage.Tests.Log;
using Hal.Cache.Storage.Tests.Objects;

// The test assembly run as a program: work that a test kills halfway, and numbers for the README.
return args switch
{
    ["crash-log", var directory, var first] => await CrashWriter.RunAsync(directory, long.Parse(first)),
    ["crash-objects", var directory] => await ObjectCrashWriter.RunAsync(directory),
    ["measure-log", var directory] => await LogMeasurements.RunAsync(directory),
    _ => 2,
};
