namespace Hal.Cache.Gateway;

/// <summary>Runs one command under the locks of its keys' shards: it never waits, and looks up all that may fault before it changes anything.</summary>
internal delegate Outcome CommandHandler(CommandContext context);
