using System.Text;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>The letters of <c>notify-keyspace-events</c>, and the class of each event's name.</summary>
internal static class EventNames
{
    private static readonly (char Letter, EventClasses Class)[] Letters =
    [
        ('g', EventClasses.Generic), ('$', EventClasses.String), ('l', EventClasses.List), ('s', EventClasses.Set), ('h', EventClasses.Hash),
        ('z', EventClasses.SortedSet), ('x', EventClasses.Expired), ('e', EventClasses.Evicted), ('t', EventClasses.Stream), ('d', EventClasses.Module),
    ];

    private static readonly (char Letter, EventClasses Class)[] Beside =
    [
        ('K', EventClasses.Keyspace), ('E', EventClasses.Keyevent), ('m', EventClasses.KeyMiss), ('n', EventClasses.New),
    ];

    /// <summary>False where a letter is none.</summary>
    public static bool TryParse(string letters, out EventClasses classes)
    {
        classes = EventClasses.None;
        foreach (char letter in letters)
        {
            if (letter == 'A')
            {
                classes |= EventClasses.All;
                continue;
            }

            EventClasses one = Array.Find([.. Letters, .. Beside], pair => pair.Letter == letter).Class;
            if (one == EventClasses.None) return false;
            classes |= one;
        }

        return true;
    }

    /// <summary>The letters in Redis's order, as CONFIG GET tells them.</summary>
    public static string Format(EventClasses classes)
    {
        var text = new StringBuilder();
        if ((classes & EventClasses.All) == EventClasses.All) text.Append('A');
        else Append(Letters);
        Append(Beside);
        return text.ToString();

        void Append((char Letter, EventClasses Class)[] pairs)
        {
            foreach ((char letter, EventClasses one) in pairs)
            {
                if ((classes & one) != 0) text.Append(letter);
            }
        }
    }

    /// <summary>The class of an event; those of the collection types begin with their commands' letter.</summary>
    public static EventClasses ClassOf(string name) => name switch
    {
        "del" or "rename_from" or "rename_to" or "move_from" or "move_to" or "copy_to" or "restore" or "expire" or "persist" => EventClasses.Generic,
        "set" or "setrange" or "incrby" or "incrbyfloat" or "append" or "setbit" or "pfadd" => EventClasses.String,
        "expired" => EventClasses.Expired,
        "evicted" => EventClasses.Evicted,
        "keymiss" => EventClasses.KeyMiss,
        "new" => EventClasses.New,
        "sortstore" => EventClasses.List,
        _ => name[0] switch
        {
            'h' => EventClasses.Hash,
            'z' or 'g' => EventClasses.SortedSet, // GEO commands keep their places in sorted sets
            's' => EventClasses.Set,
            'x' => EventClasses.Stream,
            'l' or 'r' => EventClasses.List,
            _ => EventClasses.Generic,
        },
    };
}
