"""The loss over the catalogue: in chunks it is the same, over a sample it is the same in expectation."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from earn_train import checkpoint, softmax
from earn_train.model import Earn
from earn_train.recipe import Recipe

from .conftest import train_on


def case(rows: int = 12, items: int = 50) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    state = torch.randn(rows, 8, requires_grad=True)
    vectors = torch.randn(items, 8, requires_grad=True)
    return state, vectors, torch.randint(items, (rows,))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_chunks_give_the_same_loss_and_gradients(monkeypatch: pytest.MonkeyPatch, smoothing: float) -> None:
    whole, whole_vectors, target = case()
    loss = softmax.exact_loss(whole, whole_vectors, target, smoothing)
    expected = F.cross_entropy(whole @ whole_vectors.T, target, label_smoothing=smoothing)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    monkeypatch.setattr(softmax, "WHOLE", 0)
    monkeypatch.setattr(softmax, "CHUNK", 250)  # five rows
    state, vectors, _ = case()
    in_chunks = softmax.exact_loss(state, vectors, target, smoothing)
    in_chunks.backward()
    torch.testing.assert_close(in_chunks, loss)
    torch.testing.assert_close(state.grad, whole.grad)
    torch.testing.assert_close(vectors.grad, whole_vectors.grad)


def test_the_sum_over_the_other_items_is_right_on_average() -> None:
    state, vectors, target = case(rows=1)
    popularity = torch.rand(50) ** 3
    popularity /= popularity.sum()
    logits = (state @ vectors.T).detach()[0]
    exact = (logits.exp().sum() / logits[target[0]].exp()).item()
    estimates = [
        softmax.sampled_loss(state, vectors, target, softmax.draw(popularity, 10)).exp().item()
        for _ in range(20_000)
    ]
    error = torch.tensor(estimates).std().item() / 20_000**0.5
    assert sum(estimates) / 20_000 == pytest.approx(exact, abs=4 * error)


def test_many_samples_give_the_gradient_of_the_exact_loss() -> None:
    state, vectors, target = case()
    softmax.exact_loss(state, vectors, target, 0.0).backward()
    exact = vectors.grad
    state, vectors, _ = case()
    softmax.sampled_loss(state, vectors, target, softmax.draw(torch.full((50,), 0.02), 200_000)).backward()
    assert exact is not None and vectors.grad is not None
    torch.testing.assert_close(vectors.grad, exact, atol=0.01, rtol=0.05)


def test_nothing_to_predict_is_no_loss() -> None:
    state, vectors, target = case(rows=0)
    assert softmax.exact_loss(state, vectors, target, 0.0).item() == 0
    assert softmax.sampled_loss(state, vectors, target, softmax.draw(torch.full((50,), 0.02), 5)).item() == 0


def test_a_large_catalogue_is_sampled_unless_a_flag_says_otherwise() -> None:
    assert Recipe().negatives_of(20_000) == 0
    assert Recipe().negatives_of(20_001) == 4096
    assert Recipe(negatives=0).negatives_of(10**6) == 0


@pytest.mark.parametrize("temperature", ["0", "0.1"])
def test_a_step_needs_the_vectors_of_its_own_items_alone(
    log: Path, monkeypatch: pytest.MonkeyPatch, temperature: str
) -> None:
    """With a sample, the others' vectors make no difference to the loss, and get no gradient."""
    model = checkpoint.load(train_on(log, log / "out", "--temperature", temperature), torch.device("cpu"))
    assert isinstance(model, Earn)
    model.negatives, model.popularity = 6, torch.full((30,), 1 / 30)
    items, t = torch.tensor([[4, 5, 6], [9, 8, 0]]), torch.tensor([[0, 3], [1, 2]])
    targets, valid = torch.tensor([[4, 7], [8, 0]]), torch.tensor([[True, True], [True, False]])

    def passes() -> tuple[Tensor, list[Tensor | None]]:
        torch.manual_seed(1)
        model.zero_grad(set_to_none=True)
        loss = model.loss(items, t, targets, valid, torch.tensor([[0, 1], [0, 1]]))
        loss.backward()
        return loss, [parameter.grad for parameter in model.parameters()]

    loss, found = passes()
    monkeypatch.setattr(Tensor, "unique", lambda _: torch.arange(30))  # the vectors of all
    whole, expected = passes()
    torch.testing.assert_close(loss, whole)
    for one, other in zip(found, expected, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other)
    gradient = found[[name for name, _ in model.named_parameters()].index("item.weight")]
    assert gradient is not None and 0 < int((gradient == 0).all(1).sum()) < 30
