"""Which branches of a batch predict something, as rows of one table."""

from dataclasses import dataclass

from torch import Tensor


@dataclass
class Rows:
    """The valid ones of branches [U, M], n rows; or `every` branch with a weight of 1 or 0, which is more
    work, and whose shapes don't depend on what is valid.
    """

    valid: Tensor
    every: bool = False

    def __call__(self, x: Tensor) -> Tensor:
        """[U, M, ...] -> [n, ...]."""
        return x.flatten(0, 1) if self.every else x[self.valid]

    def within(self, x: Tensor, others: "Rows") -> Tensor:
        """Of x, which has a row for each of the `others`, those that are rows of these too."""
        return x if self.every else x[self.valid[others.valid]]

    def weight(self, of_rows: Tensor | None = None) -> Tensor | None:
        """How much each row counts [n], where rows have weights `of_rows` [n]; None: all alike."""
        if not self.every:
            return of_rows
        valid = self.valid.flatten().float()
        return valid if of_rows is None else valid * of_rows
