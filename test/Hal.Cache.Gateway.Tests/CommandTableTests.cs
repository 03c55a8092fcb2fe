using System.Text;

namespace Hal.Cache.Gateway.Tests;

public sealed class CommandTableTests
{
    private readonly CommandTable table = new();

    [Fact]
    public void Find_gives_the_row_when_the_name_is_in_any_case()
    {
        foreach (CommandSpec spec in table.Commands)
        {
            Assert.Same(spec, table.Find(Encoding.ASCII.GetBytes(spec.FullName)));
            Assert.Same(spec, table.Find(Encoding.ASCII.GetBytes(spec.FullName.ToUpperInvariant())));
        }
    }

    [Fact]
    public void Find_gives_nothing_when_a_name_differs_by_a_byte()
    {
        foreach (CommandSpec spec in table.Commands)
        {
            byte[] name = Encoding.ASCII.GetBytes(spec.FullName);
            Assert.Null(table.Find([.. name, (byte)'~']));
            for (int i = 0; i < name.Length; i++)
            {
                byte[] other = [.. name];
                other[i] ^= 0x40; // no letter's other case
                Assert.Null(table.Find(other));
            }
        }

        Assert.Null(table.Find(default));
    }

    [Fact]
    public void Rows_have_one_name_each_and_their_position_as_id()
    {
        Assert.Equal(table.All.Count, table.All.Select(spec => spec.FullName).Distinct().Count());
        Assert.All(table.All, spec => Assert.Same(spec, table.All[spec.Id]));
        Assert.All(table.Commands, spec => Assert.False(spec.Has(CommandFlags.Write) && spec.Has(CommandFlags.ReadOnly)));
    }
}
