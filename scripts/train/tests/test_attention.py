"""The attention that `npm run attention` describes is the decoder's."""

import torch

from earn_train.attention import suffix_attention
from earn_train.layers import Layer, rotation

from .decoders import ITEMS, decoder


def test_attention_of_the_suffix_is_that_of_the_decoder() -> None:
    """The values weighted by it give what the decoder's own first layer makes of S."""
    earn = decoder(register_depth=4)
    items = torch.randint(ITEMS, (2, 9))
    first = suffix_attention(earn, items)[0]
    torch.testing.assert_close(first.sum(-1), torch.ones(2, earn.config.heads).double())
    prefix, suffix = (register.expand(2, 1, -1) for register in earn.registers)
    x = torch.cat([prefix, earn.item_vectors()[items], suffix], 1)
    layer = earn.layers[0]
    assert isinstance(layer, Layer)
    _, _, v = layer.project(x, *rotation(torch.arange(11), earn.config.head_dim))
    by_hand = layer.finish(x[:, -1:], (first[:, :, None] @ v[:, None]))
    outputs: list[torch.Tensor] = []
    layer.register_forward_hook(lambda *call: outputs.append(call[2][1][:, 0]))
    earn.branches(items, torch.tensor([9, 9]), torch.zeros(2, 1, 2, dtype=torch.long))
    torch.testing.assert_close(by_hand, outputs[0], rtol=0, atol=1e-12)
