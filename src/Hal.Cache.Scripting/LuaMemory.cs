using System.Runtime.InteropServices;

namespace Hal.Cache.Scripting;

/// <summary>
/// What one state allocates, in bytes. Beyond the limit Lua is told that there is no memory, which it raises as an error; while managed
/// code runs it is not, since that error would jump over managed frames: then the next allocation of the script's own is refused.
/// </summary>
internal unsafe struct LuaMemory
{
    public long Used;
    public long Limit;
    public int IsManaged;

    /// <summary>Refusals in this run: Lua collects and tries again, which a script at the limit would spend its time on.</summary>
    public int Refusals;

    private const int RefusalsMax = 16;

    [UnmanagedCallersOnly]
    public static void* Allocate(void* user, void* block, nuint old, nuint size)
    {
        var memory = (LuaMemory*)user;
        long had = block == null ? 0 : (long)old; // for a new block Lua gives its type here
        if (size == 0)
        {
            NativeMemory.Free(block);
            memory->Used -= had;
            return null;
        }

        long grown = (long)size - had;
        if (grown > 0 && memory->IsManaged == 0 && (memory->Used + grown > memory->Limit || memory->Refusals > RefusalsMax))
        {
            memory->Refusals++;
            return null;
        }

        try
        {
            void* given = NativeMemory.Realloc(block, size);
            memory->Used += grown;
            return given;
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }
}
