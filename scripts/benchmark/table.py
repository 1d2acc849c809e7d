"""Tables of measures: a row each, with the ratio to one column's."""

import dataclasses
from typing import Optional


@dataclasses.dataclass
class Row:
    label: str
    values: list[float]  # a column each; 0 where nothing could be measured
    digits: int
    goal: str = ""
    ratios: bool = True


@dataclasses.dataclass
class Table:
    title: str
    columns: list[str]
    rows: list[Row]
    against: str  # the column that ratios are to

    def __str__(self) -> str:
        base = self.columns.index(self.against)
        widest = max(len(row.label) for row in self.rows + [Row(self.title, [], 0)])
        lines = [f"{self.title:{widest}}" + "".join(f"{name:>14}" for name in self.columns) + "  goal"]
        for row in self.rows:
            bases = [0 if number == base else row.values[base] for number in range(len(row.values))]
            cells = [self._cell(*each, row) for each in zip(row.values, bases)]
            lines.append(f"{row.label:{widest}}" + "".join(f"{cell:>14}" for cell in cells) + f"  {row.goal}".rstrip())
        return "\n".join(lines)

    @staticmethod
    def _cell(value: float, base: float, row: Row) -> str:
        if not value:
            return "-"
        text = f"{value:.{row.digits}f}"
        return f"{text} {value / base:.1f}x" if row.ratios and base else text
