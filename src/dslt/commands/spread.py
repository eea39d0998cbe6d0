"""A click command whose repeatable options also take several values in a row.

Snakemake writes `--score {input.score}` as `--score a b c`; by hand one repeats the option. Both
are the same here, and a repeatable option with no value at all is an empty list.
"""

from __future__ import annotations

import click


class SpreadCommand(click.Command):
    """A command that reads `--opt a b c` as `--opt a --opt b --opt c` where `--opt` repeats."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Spell out the repeatable options, then parse as usual."""
        repeatable = {
            name
            for param in self.params
            if isinstance(param, click.Option) and param.multiple
            for name in param.opts
        }
        spelled: list[str] = []
        current = ""
        for arg in args:
            if arg in repeatable:
                current = arg
            elif arg.startswith("--"):
                current = ""
                spelled.append(arg)
            else:
                spelled.extend([current, arg] if current else [arg])
        return super().parse_args(ctx, spelled)
