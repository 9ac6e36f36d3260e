"""What training claims: branches equal single prefixes, the pruning is EARN's, IDs are unique and balanced."""

import json

import numpy as np
import pytest
import torch
import train
from data import window_start
from attention import suffix_attention
from layers import rotation
from model import Config, Earn, build_trie
from semantic_ids import balanced_assignment, semantic_ids

ITEMS = 60


def config(**changes) -> Config:
    shape = dict(items=ITEMS, levels=3, codebook=4, window=32)
    return Config.from_depth(4, **{"register_depth": 2, **shape, **changes})


def unique_codes(items: int, levels: int, codebook: int) -> torch.Tensor:
    numbers = torch.randperm(codebook**levels, generator=torch.Generator().manual_seed(3))[:items]
    return torch.stack([numbers // codebook**level % codebook for level in range(levels)], 1)


def model(**changes) -> Earn:
    torch.manual_seed(0)
    shape = config(**changes)
    earn = Earn(shape, unique_codes(ITEMS, shape.levels, shape.codebook)).double().eval()
    for parameter in earn.parameters():  # larger than at initialisation, so that every path matters
        torch.nn.init.normal_(parameter, std=0.3)
    return earn


SHAPES = [  # k of 4 layers, tail, prefix and suffix registers
    (1, 3, 1, 1), (2, 0, 1, 1), (2, 1, 1, 1), (2, 5, 1, 1), (4, 0, 1, 1), (2, 0, 0, 2), (2, 3, 2, 0), (4, 0, 2, 2),
]  # fmt: skip


@pytest.mark.parametrize("depth, tail, prefixes, suffixes", SHAPES)
def test_branches_equal_each_prefix_run_by_itself(depth, tail, prefixes, suffixes):
    earn = model(register_depth=depth, tail=tail, prefixes=prefixes, suffixes=suffixes)
    items = torch.randint(ITEMS, (3, 12))
    t = torch.tensor([[0, 1, 5, 12], [3, 3, 0, 7], [12, 11, 1, 2]]).clamp(min=0 if suffixes else 1)
    at = torch.tensor([[0, 2], [1, 3], [2, 3]])
    codes = torch.randint(4, (3, 2, 2))
    suffixes, states = earn(items, t, codes, at)
    for user in range(3):
        def alone(branch, codes):
            end = t[user, branch]
            first = torch.zeros(1, 1, dtype=torch.long)
            return earn(items[user : user + 1, :end], end[None, None], codes, first)  # fmt: skip

        for branch in range(4):
            suffix, _ = alone(branch, torch.zeros(1, 1, 0, dtype=torch.long))
            torch.testing.assert_close(suffixes[user, branch], suffix[0, 0], rtol=0, atol=1e-12)
        for number, branch in enumerate(at[user]):
            _, state = alone(branch, codes[user : user + 1, number : number + 1])
            torch.testing.assert_close(states[user, number], state[0, 0], rtol=0, atol=1e-12)


def flat(earn: Earn, items: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """items [n], codes [C-1] as one sequence with one mask a layer -> final states [C, d] of the last suffix register and the codes."""
    c = earn.config
    first, end = c.prefixes, c.prefixes + len(items)  # of the items
    x = torch.cat([earn.registers[:first], earn.item_vectors()[items], earn.registers[first:], earn.embed_codes(codes)])
    at = torch.arange(len(x))
    is_item, is_code = (at >= first) & (at < end), at >= end + c.suffixes
    own = end if c.suffixes else end - 1  # where what is the branch's own begins
    oldest = at.where(is_item, own) - c.tail  # that a token sees after layer k
    for number, layer in enumerate(earn.layers, 1):
        sees = at <= at[:, None]
        if number > c.register_depth:
            sees &= ~is_item | (at >= oldest[:, None]) | (at == at[:, None])
        q, k, v = layer.project(x, *rotation(at, layer.head_dim))
        scores = (q @ k.T * layer.head_dim**-0.5).masked_fill(~sees, -torch.inf)
        runs = ~is_code if number <= c.register_depth < c.depth else is_code | True
        x = torch.where(runs[:, None], layer.finish(x, scores.softmax(-1) @ v), x)
    return earn.norm(x[len(x) - len(codes) - 1 :])


@pytest.mark.parametrize("depth, tail, prefixes, suffixes", SHAPES)
@pytest.mark.parametrize("n", [1, 2, 9])
def test_the_decoder_is_one_sequence_with_a_mask(depth, tail, prefixes, suffixes, n):
    """Which without EARN is the causal one, and without registers predicts by the last item."""
    earn = model(register_depth=depth, tail=tail, prefixes=prefixes, suffixes=suffixes)
    items, codes = torch.randint(ITEMS, (1, n)), torch.randint(4, (1, 1, 2))
    suffix, state = earn.branches(items, torch.tensor([n]), codes)
    torch.testing.assert_close(torch.cat([suffix[0], state[0, 0]]), flat(earn, items[0], codes[0, 0]), rtol=0, atol=1e-10)


def test_attention_of_the_suffix_is_that_of_the_decoder():
    """The values weighted by it give what the decoder's own first layer makes of S."""
    earn = model(register_depth=4)
    items = torch.randint(ITEMS, (2, 9))
    first = suffix_attention(earn, items)[0]
    torch.testing.assert_close(first.sum(-1), torch.ones(2, earn.config.heads).double())
    x = torch.cat([earn.registers[:1].expand(2, 1, -1), earn.item_vectors()[items], earn.registers[1:].expand(2, 1, -1)], 1)
    _, _, v = earn.layers[0].project(x, *rotation(torch.arange(11), earn.config.head_dim))
    by_hand = earn.layers[0].finish(x[:, -1:], (first[:, :, None] @ v[:, None]))
    outputs = []
    earn.layers[0].register_forward_hook(lambda *run: outputs.append(run[2][1][:, 0]))
    earn.branches(items, torch.tensor([9, 9]), torch.zeros(2, 1, 2, dtype=torch.long))
    torch.testing.assert_close(by_hand, outputs[0], rtol=0, atol=1e-12)


def test_served_weights_hold_the_features():
    """A model without features ranks with `weights()` as the one with features that was trained."""
    shape = config()
    codes = unique_codes(ITEMS, shape.levels, shape.codebook)
    trained = Earn(shape, codes, features=torch.randn(ITEMS, 8)).eval()
    served = Earn(shape, codes).eval()
    served.load_state_dict(trained.weights())
    assert served.item.weight.ne(trained.item.weight).any()
    torch.testing.assert_close(served.item_vectors(), trained.item_vectors())


def test_after_layer_k_nothing_but_the_tail_is_seen():
    """Of a long history's older items no deep layer gets anything: what they are changes S only through layers 1..k."""
    earn = model(register_depth=2, tail=3)
    deep_inputs = []
    earn.layers[2].register_forward_pre_hook(lambda _, inputs: deep_inputs.append(inputs))
    earn.branches(torch.randint(ITEMS, (1, 20)), torch.tensor([20]), torch.randint(4, (1, 1, 2)))
    prefix, items, suffix, codes, *rest = deep_inputs[0]

    def final(near):
        state = (prefix, near, suffix, codes)
        for layer in earn.layers[2:]:
            state = layer(*state, *rest)
        return state[2]

    changed = items.clone()
    changed[:, : 20 - 2 * 3] += 1
    torch.testing.assert_close(final(changed), final(items), rtol=0, atol=0)
    changed[:, 20 - 2 * 3] += 1
    assert final(changed).ne(final(items)).any()


def test_prefix_register_is_a_constant():
    earn = model()
    seen = []
    for layer in earn.layers:
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][:, 0]))
    for _ in range(2):
        earn.branches(torch.randint(ITEMS, (1, 9)), torch.tensor([9]), torch.randint(4, (1, 1, 2)))
    for first, second in zip(seen[:4], seen[4:]):
        torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_beam_search_as_wide_as_the_catalogue_is_exhaustive_scoring():
    earn = model()
    items, length = torch.randint(ITEMS, (2, 9)), torch.tensor([9, 4])
    seen = torch.zeros(2, ITEMS, dtype=torch.bool)
    seen[0, items[0]] = True
    every = earn.semantic_ids.expand(2, ITEMS, 3)
    suffix, state = earn.branches(items, length, every[..., :2])
    states = torch.cat([suffix[:, :, None], state], 2)
    score, node = torch.zeros(2, ITEMS), torch.zeros(2, ITEMS, dtype=torch.long)
    for level in range(3):
        logs = earn.code_log_probs(states[:, :, level], level, node)
        score = score + logs.gather(-1, every[..., level, None])[..., 0]
        node = earn.trie[level][node, every[..., level]]
    torch.testing.assert_close(score.exp().sum(1), torch.ones(2), rtol=0, atol=1e-6)  # a distribution over items
    latent = earn.item_log_probs(suffix[:, 0])
    for decoder, scores in {"beam": score, "latent": latent, "hybrid": score + latent}.items():
        order = scores.masked_fill(seen, -torch.inf).argsort(-1, descending=True)
        assert earn.rank(items, length, seen, 20, decoder, beam=ITEMS).tolist() == order[:, :20].tolist()


def test_semantic_ids_are_unique_balanced_and_group_what_is_consumed_together():
    rng = np.random.default_rng(0)
    tastes = rng.permutation(120).reshape(4, 30)
    histories = [rng.choice(tastes[user % 4], 20) for user in range(200)]
    codes = semantic_ids(histories, [""] * 120, levels=2, codebook=12, seed=1)
    assert len(np.unique(codes, axis=0)) == 120
    assert np.bincount(codes[:, 0]).max() == 10
    taste = np.empty(120, dtype=int)
    taste[tastes] = np.arange(4)[:, None]
    agree = [np.bincount(taste[codes[:, 0] == c]).max() / (codes[:, 0] == c).sum() for c in range(12)]
    assert np.mean(agree) > 0.8  # 0.25 would be chance


def test_semantic_ids_refuse_a_codebook_that_is_too_small():
    with pytest.raises(ValueError, match="9 items"):
        semantic_ids([np.arange(10)], [""] * 10, levels=2, codebook=3, seed=1)
    with pytest.raises(ValueError, match="unique"):
        build_trie(torch.zeros(2, 2, dtype=torch.long), 4)


def test_balanced_assignment_keeps_to_the_room():
    cost = np.random.default_rng(0).random((40, 5))
    assert np.bincount(balanced_assignment(cost, 8)).tolist() == [8] * 5


@pytest.mark.parametrize("length,start", [(0, 0), (512, 0), (513, 256), (768, 256), (769, 512)])
def test_window_start(length, start):
    assert window_start(length, 512) == start


@pytest.fixture
def log(tmp_path):
    """Sixty users who walk around a circle of thirty items."""
    rng = np.random.default_rng(0)
    items = [{"id": f"i{n}", "title": f"Item {n}", "categories": []} for n in range(30)]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    rows = ["user_id,item_id,timestamp"]
    for user in range(60):
        start = rng.integers(30)
        rows += [f"u{user},i{(start + step) % 30},{step}" for step in range(rng.integers(5, 20))]
    (tmp_path / "interactions.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def arguments(log, out, *more):
    flags = ["--depth", "3", "--register-depth", "1", "--window", "16", "--epochs", "3", "--batch", "20"]
    return train.arguments(["--data", str(log), "--out", str(out), *flags, *more])


def run(log, out, monkeypatch=None):
    args = arguments(log, out)
    if monkeypatch:  # the power goes during the second epoch's validation
        calls = iter([False, True])
        ranks = train.rank_of_held_out

        def fail(*inputs):
            if next(calls):
                raise KeyboardInterrupt
            return ranks(*inputs)

        monkeypatch.setattr(train, "rank_of_held_out", fail)
        with pytest.raises(KeyboardInterrupt):
            train.main(args)
        monkeypatch.undo()
    train.main(args)
    return train.load_file(out / "model.safetensors"), json.loads((out / "config.json").read_text())


def test_an_interrupted_run_resumes_to_the_same_weights(log, monkeypatch):
    whole, config = run(log, log / "whole")
    resumed, again = run(log, log / "resumed", monkeypatch)
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name
    assert config["curve"] == again["curve"] and len(config["curve"]) == 3
    assert config["activations"] == again["activations"]
    items = [json.loads(line) for line in open(log / "whole" / "items.jsonl")]
    assert [item["id"] for item in items] == [f"i{n}" for n in range(30)]
    trained = np.concatenate(train.read(log).train)
    assert [item["count"] for item in items] == [(trained == n).sum() for n in range(30)]


def test_a_run_does_not_go_on_with_other_data_or_flags(log):
    out = log / "run"
    train.main(arguments(log, out))
    for flags, changed in (["--lr", "0.01"], "--lr"), (["--depth", "2"], "model"):
        with pytest.raises(SystemExit, match=f"begun with another {changed}:"):
            train.main(arguments(log, out, *flags))
    file = log / "interactions.csv"
    file.write_text(file.read_text().replace(",i7,", ",i8,"))  # the same shapes
    with pytest.raises(SystemExit, match="begun with another interactions.csv:"):
        train.main(arguments(log, out))
    train.main(arguments(log, out, "--restart"))
    assert torch.load(out / "last.pt", weights_only=False)["origin"] == train.origin(arguments(log, out))


def test_held_out_items_are_never_trained_on(log):
    data = train.read(log)
    for history, trained in zip(data.histories, data.train):
        assert len(trained) == len(history) - 2 and (history[:-2] == trained).all()
    assert [h[-1] for h in data.histories] == [target for _, target in data.held_out("test")]
    assert [h[-2] for h in data.histories] == [target for _, target in data.held_out("valid")]


def epoch(histories, *flags, window=16):
    args = train.arguments(["--data", "data", "--batch", "8", "--window", str(window), *flags])
    return list(train.epoch_batches(histories, args, np.random.default_rng(0)))


@pytest.mark.parametrize("flags", [[], ["--crops", "0.5"], ["--crops", "1", "--fraction", "0.5"]])
def test_an_epoch_predicts_what_comes_next_and_never_a_held_out_item(flags):
    """Each user's items are numbers of their own, so a target says which history it is of and where it stands in it."""
    length, trained = 100, 70
    histories = [np.arange(user * length, user * length + trained) for user in range(20)]
    for items, t, targets, valid, at in epoch(histories, *flags):
        for row, branch in zip(*np.nonzero(valid.numpy())):
            target = int(targets[row, branch])
            assert target % length < trained
            seen = items[row, : t[row, branch]]
            assert seen.tolist() == list(range(target - len(seen), target))


def test_crops_begin_anywhere_and_in_another_place_in_each_epoch():
    history = [np.arange(40)] * 400
    rng = np.random.default_rng(0)
    begins = [train.crop(each, 0.5, rng)[0] for each in history]
    assert 0.4 < np.mean(np.array(begins) == 0) < 0.6
    assert set(begins) == set(range(40))
    assert all(train.crop(each, 0.0, rng) is each for each in history)


def test_a_warm_start_computes_what_its_checkpoint_does(log):
    train.main(arguments(log, log / "first"))
    first = train.load(log / "first", torch.device("cpu"))
    args = arguments(log, log / "second", "--init", str(log / "first"))
    data, shape, codes, features = train.prepare(args)
    second = train.build(shape, codes, features, args).eval()
    train.warm_start(second, args.init, data)
    torch.testing.assert_close(second.item_vectors(), first.item_vectors())
    items, length, seen = torch.randint(30, (3, 9)), torch.tensor([9, 4, 0]), torch.zeros(3, 30, dtype=torch.bool)
    for decoder in train.DECODERS:
        assert torch.equal(second.rank(items, length, seen, 10, decoder), first.rank(items, length, seen, 10, decoder))


def test_a_warm_start_refuses_other_shapes_and_catalogues(log):
    train.main(arguments(log, log / "first"))
    with pytest.raises(SystemExit, match="shapes are others: tail 4, not 2"):
        train.main(arguments(log, log / "second", "--init", str(log / "first"), "--tail", "2"))
    listed = (log / "items.jsonl").read_text().splitlines(keepends=True)
    (log / "items.jsonl").write_text("".join(reversed(listed)))
    with pytest.raises(SystemExit, match="its catalogue is another one"):
        train.main(arguments(log, log / "second", "--init", str(log / "first")))


def test_a_constant_rate_stays(log):
    rates = []
    for schedule in "cosine", "constant":
        out = log / schedule
        train.main(arguments(log, out, "--schedule", schedule))
        rates.append(torch.load(out / "last.pt", weights_only=False)["schedule"]["_last_lr"][0])
    assert rates[0] < 0.1 * 1e-3 and rates[1] == pytest.approx(1e-3)


def test_a_split_by_time_holds_out_every_later_interaction(tmp_path):
    (tmp_path / "items.jsonl").write_text("".join(json.dumps({"id": name}) + "\n" for name in "abcd"))
    rows = ["u,a,1,train", "u,b,2,train", "u,c,3,valid", "u,a,4,test", "u,d,5,test", "v,d,1,test"]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id,timestamp,split", *rows]) + "\n")
    data = train.read(tmp_path)
    assert [h.tolist() for h in data.train] == [[0, 1], []]
    assert [(h.tolist(), item) for h, item in data.held_out("valid")] == [([0, 1], 2)]
    assert [(h.tolist(), item) for h, item in data.held_out("test")] == [([0, 1, 2], 0), ([0, 1, 2, 0], 3), ([], 3)]
    (tmp_path / "interactions.csv").write_text("user_id,item_id,split\nu,a,test\nu,b,train\n")
    with pytest.raises(ValueError, match=":3: split 'train'"):
        train.read(tmp_path)
