"""Forward and backward passes as CUDA graphs (https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).

A step is some four thousand small kernels, and a GPU is through with most of them before the next one has
been started. A graph starts all of them at once. It holds for one shape of batch and for the memory that it
was recorded with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .batches import Batch
from .processes import DEVICE

WARM_UP = 2  # passes before a recording, in which libraries get their memory


@dataclass
class Recorded:
    graph: torch.cuda.CUDAGraph
    batch: list[Tensor]
    loss: Tensor
    gradients: list[Tensor | None]


class Graphs:
    """Computes a batch's loss and its gradients, which it leaves in the parameters."""

    def __init__(self, loss_of: Callable[..., Tensor], parameters: Sequence[nn.Parameter]):
        """`loss_of` takes a batch's tensors. Its shapes may depend on theirs alone."""
        self.loss_of, self.parameters = loss_of, parameters
        self.recorded: dict[tuple[torch.Size, ...], Recorded] = {}
        self.pool = torch.cuda.graph_pool_handle()

    def __call__(self, batch: Batch) -> Tensor:
        shape = tuple(tensor.shape for tensor in batch)
        if shape not in self.recorded:
            self.recorded[shape] = self.record(batch)
        of_shape = self.recorded[shape]
        for held, given in zip(of_shape.batch, batch, strict=True):
            held.copy_(given)
        of_shape.graph.replay()
        for parameter, gradient in zip(self.parameters, of_shape.gradients, strict=True):
            parameter.grad = gradient
        return of_shape.loss.clone()

    def record(self, batch: Batch) -> Recorded:
        held = [tensor.to(DEVICE) for tensor in batch]
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM_UP):
                self.passes(held)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool):
            loss = self.passes(held)
        return Recorded(graph, held, loss, [parameter.grad for parameter in self.parameters])

    def passes(self, held: list[Tensor]) -> Tensor:
        """The loss. Gradients are new tensors each time, so that a recording's are its own."""
        for parameter in self.parameters:
            parameter.grad = None
        loss = self.loss_of(*held)
        loss.backward()
        return loss.detach()
