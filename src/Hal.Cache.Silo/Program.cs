using Hal.Cache.Silo;

// The runtime reads this when the first socket is made: socket completions then run on the thread that polls, which saves a thread
// switch per request. Set here, and not by the user, because speed is the product's business.
const string inlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
if (Environment.GetEnvironmentVariable(inlineCompletions) is null) Environment.SetEnvironmentVariable(inlineCompletions, "1");

return await SiloCommand.RunAsync(args);
