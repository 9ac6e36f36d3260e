"""Branches equal single prefixes, and the decoder is one sequence with EARN's mask."""

from typing import Any

import pytest
import torch

from earn_train.layers import Layer, rotation
from earn_train.model import Earn
from earn_train.trie import build_trie

from .decoders import ITEMS, config, decoder, unique_codes

# k of 4 layers, local window, prefix and suffix registers, layers of codes, sliding window (0: all)
SHAPES = [
    (1, 3, 1, 1, 0, 0),
    (2, 0, 1, 1, 0, 0),
    (2, 1, 1, 1, 0, 0),
    (2, 5, 1, 1, 0, 0),
    (4, 0, 1, 1, 0, 0),
    (2, 0, 0, 2, 0, 0),
    (2, 3, 2, 0, 0, 0),
    (4, 0, 2, 2, 0, 0),
    (1, 3, 1, 1, 2, 0),
    (2, 2, 1, 1, 1, 0),
    (4, 0, 1, 1, 2, 0),
    (2, 3, 1, 1, 0, 4),
    (3, 1, 2, 2, 0, 2),
    (2, 2, 1, 0, 1, 3),
]
NAMES = ("register_depth", "local_window", "prefixes", "suffixes", "code_layers", "sliding_window")
every_shape = pytest.mark.parametrize(
    "shape", [dict(zip(NAMES, each, strict=True)) for each in SHAPES], ids=str
)


@every_shape
def test_branches_equal_each_prefix_run_by_itself(shape: dict[str, int]) -> None:
    earn = decoder(**shape)
    items = torch.randint(ITEMS, (3, 12))
    t = torch.tensor([[0, 1, 5, 12], [3, 3, 0, 7], [12, 11, 1, 2]]).clamp(min=0 if shape["suffixes"] else 1)
    at = torch.tensor([[0, 2], [1, 3], [2, 3]])
    codes = torch.randint(4, (3, 2, 2))
    suffix_states, states = earn(items, t, codes, at)

    def alone(user: int, branch: int, codes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        end = t[user, branch]
        first = torch.zeros(1, 1, dtype=torch.long)
        suffix, code = earn(items[user : user + 1, :end], end[None, None], codes, first)
        return suffix, code

    for user in range(3):
        for branch in range(4):
            suffix, _ = alone(user, branch, torch.zeros(1, 1, 0, dtype=torch.long))
            torch.testing.assert_close(suffix_states[user, branch], suffix[0, 0], rtol=0, atol=1e-12)
        for number, branch in enumerate(at[user].tolist()):
            _, state = alone(user, branch, codes[user : user + 1, number : number + 1])
            torch.testing.assert_close(states[user, number], state[0, 0], rtol=0, atol=1e-12)


def flat(earn: Earn, items: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """items [n], codes [C-1] as one sequence with one mask per layer.

    Returns the final states [C, d] of the last suffix register and the codes.
    """
    c = earn.config
    first, end = c.prefixes, c.prefixes + len(items)  # of the items
    before, after = earn.registers[:first], earn.registers[first:]
    x = torch.cat([before, earn.item_vectors()[items], after, earn.embed_codes(codes)])
    at = torch.arange(len(x))
    is_item, is_code = (at >= first) & (at < end), at >= end + c.suffixes
    own = end if c.suffixes else end - 1  # where the branch's own tokens begin
    newest = at.where(is_item, own)[:, None]  # what a window reaches back from
    windows = [c.sliding_window or len(x)] * (c.register_depth - 1) + [len(x)]
    windows += [c.local_window] * (c.depth - c.register_depth)
    for number, (layer, window) in enumerate(zip(earn.layers, windows, strict=True), 1):
        assert isinstance(layer, Layer)
        sees = (at <= at[:, None]) & (~is_item | (at >= newest - window) | (at == at[:, None]))
        q, k, v = layer.project(x, *rotation(at, layer.head_dim))
        scores = (q @ k.T * layer.head_dim**-0.5).masked_fill(~sees, -torch.inf)
        runs = ~is_code if number <= c.first_code_layer else torch.ones_like(is_code)
        x = torch.where(runs[:, None], layer.finish(x, scores.softmax(-1) @ v), x)
    return earn.norm(x[len(x) - len(codes) - 1 :])


@every_shape
@pytest.mark.parametrize("n", [1, 2, 9])
def test_the_decoder_is_one_sequence_with_a_mask(shape: dict[str, int], n: int) -> None:
    """Without EARN the mask is the causal one; without registers the last item predicts."""
    earn = decoder(**shape)
    items, codes = torch.randint(ITEMS, (1, n)), torch.randint(4, (1, 1, 2))
    suffix, state = earn.branches(items, torch.tensor([n]), codes)
    expected = flat(earn, items[0], codes[0, 0])
    torch.testing.assert_close(torch.cat([suffix[0], state[0, 0]]), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("temperature", [0.0, 0.05])
def test_served_weights_hold_features_and_temperature(temperature: float) -> None:
    """A plain model computes with `weights()` what the one that was trained does."""
    shape = config()
    codes = unique_codes(ITEMS, shape.levels, shape.codebook)
    trained = Earn(shape, codes, features=torch.randn(ITEMS, 8), temperature=temperature).eval()
    served = Earn(shape, codes).eval()
    served.load_state_dict(trained.weights())
    assert served.item.weight.ne(trained.item.weight).any()
    torch.testing.assert_close(served.item_vectors(), trained.item_vectors())
    history = (torch.randint(ITEMS, (2, 9)), torch.tensor([9, 4]), torch.zeros(2, 1, 2, dtype=torch.long))
    torch.testing.assert_close(served.branches(*history), trained.branches(*history))


def test_with_a_temperature_items_score_by_cosines() -> None:
    shape = config()
    earn = Earn(shape, unique_codes(ITEMS, shape.levels, shape.codebook), temperature=0.05).eval()
    state, _ = earn.branches(torch.randint(ITEMS, (2, 9)), torch.tensor([9, 4]), torch.zeros(2, 1, 2).long())
    cosine = torch.nn.functional.cosine_similarity(state, earn.item.weight + earn.code_sums(), dim=-1)
    expected = (cosine / 0.05).log_softmax(-1)
    torch.testing.assert_close(earn.item_log_probs(state[:, 0]), expected, atol=0.01, rtol=0)


def test_after_layer_k_nothing_but_the_local_window_is_seen() -> None:
    """Deep layers get nothing of a long history's older items, which change S only through layers 1..k."""
    earn = decoder(register_depth=2, local_window=3)
    deep_inputs: list[Any] = []
    earn.layers[2].register_forward_pre_hook(lambda _, inputs: deep_inputs.append(inputs))
    first = torch.zeros(1, 1, dtype=torch.long)
    earn(torch.randint(ITEMS, (1, 20)), torch.tensor([[20]]), torch.randint(4, (1, 1, 2)), first)
    prefix, items, suffix, codes, *rest = deep_inputs[0]

    def final(near: torch.Tensor) -> torch.Tensor:
        state = (prefix, near, suffix, codes)
        for layer in earn.layers[2:]:
            state = layer(*state, *rest)
        return state[2]

    changed = items.clone()
    changed[:, : 20 - 2 * 3] += 1
    torch.testing.assert_close(final(changed), final(items), rtol=0, atol=0)
    changed[:, 20 - 2 * 3] += 1
    assert final(changed).ne(final(items)).any()


def test_prefix_register_is_a_constant() -> None:
    earn = decoder()
    seen: list[torch.Tensor] = []
    for layer in earn.layers:
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][:, 0]))
    for _ in range(2):
        earn.branches(torch.randint(ITEMS, (1, 9)), torch.tensor([9]), torch.randint(4, (1, 1, 2)))
    for first, second in zip(seen[:4], seen[4:], strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=0)


@pytest.mark.parametrize("changes", [{}, {"types": 2, "target": 1}])
def test_beam_search_as_wide_as_the_catalogue_is_exhaustive_scoring(changes: dict[str, int]) -> None:
    earn = decoder(**changes)
    items, length = torch.randint(ITEMS, (2, 9)), torch.tensor([9, 4])
    seen = torch.zeros(2, ITEMS, dtype=torch.bool)
    seen[0, items[0]] = True
    every = earn.semantic_ids.expand(2, ITEMS, 3)
    suffix, state = earn.branches(items, length, every[..., :2])
    states = torch.cat([suffix[:, :, None], state], 2)
    if earn.target is not None:  # lists lead to the target: its vector is part of all final states
        states = states + earn.target.weight[1]
    score, node = torch.zeros(2, ITEMS), torch.zeros(2, ITEMS, dtype=torch.long)
    for level in range(3):
        logs = earn.code_log_probs(states[:, :, level], level, node)
        score = score + logs.gather(-1, every[..., level, None])[..., 0]
        node = earn.trie[level][node, every[..., level]]
    torch.testing.assert_close(score.exp().sum(1), torch.ones(2), rtol=0, atol=1e-6)  # over all items
    latent = earn.item_log_probs(suffix[:, 0])
    for name, scores in {"beam": score, "latent": latent, "hybrid": score + latent}.items():
        order = scores.masked_fill(seen, -torch.inf).argsort(-1, descending=True)
        assert earn.rank(items, length, seen, 20, name, beam=ITEMS).tolist() == order[:, :20].tolist()


def test_a_trie_refuses_ids_that_two_items_share() -> None:
    with pytest.raises(ValueError, match="unique"):
        build_trie(torch.zeros(2, 2, dtype=torch.long), 4)


def test_item_dropout_leaves_codes_and_text() -> None:
    torch.manual_seed(0)
    features = torch.randn(ITEMS, 5)
    model = Earn(config(), unique_codes(ITEMS, 3, 4), features=features, item_dropout=0.5)
    assert model.feature is not None
    shared = model.code_sums() + model.feature(features)
    dropped = model.item_vectors()
    whole = model.eval().item_vectors()
    without = (dropped == shared).all(1)
    assert 0 < without.sum() < ITEMS
    assert torch.equal(dropped[~without], whole[~without])
