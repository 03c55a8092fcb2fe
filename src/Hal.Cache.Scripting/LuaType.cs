namespace Hal.Cache.Scripting;

/// <summary>Lua's own numbers for its types.</summary>
internal enum LuaType
{
    None = -1,
    Nil = 0,
    Boolean = 1,
    LightUserData = 2,
    Number = 3,
    String = 4,
    Table = 5,
}
