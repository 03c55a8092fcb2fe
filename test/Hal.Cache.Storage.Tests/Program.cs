using Hal.Cache.Storage.Tests.Log;

// The test assembly run as a program: work that a test kills halfway, and numbers for the README.
return args switch
{
    ["crash-log", var directory, var first] => await CrashWriter.RunAsync(directory, long.Parse(first)),
    ["measure-log", var directory] => await LogMeasurements.RunAsync(directory),
    _ => 2,
};
