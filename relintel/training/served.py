"""The network as it is served: the same arithmetic for one message, laid out for speed.

One message at a time needs no padding, so shapes are constants and the mask follows from the token
types; queries, keys and values come from one product, and so do all heads. `benchmarks/speed.py`
measures what it gains.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from relintel.nlp.heads import HEADS
from relintel.training.network import Outputs, ReadingNetwork, look


class ServedNetwork(nn.Module):
    """A `ReadingNetwork` for one message of T tokens.

    Args:
        network: trained; its weights are shared, not copied, where they need not be joined.
    """

    def __init__(self, network: ReadingNetwork) -> None:
        super().__init__()
        self.network = network
        encoder = network.encoder
        self.embeddings = encoder.embeddings
        self.layers = nn.ModuleList(_Layer(layer) for layer in encoder.encoder.layer)
        self.values = nn.Linear(encoder.config.hidden_size, HEADS.count, bias=False)
        self.values.weight = nn.Parameter(torch.cat([head.weight for head in network.values]))
        sizes = torch.tensor([head.size for head in HEADS])
        self.register_buffer("head", torch.arange(len(HEADS)).repeat_interleave(sizes))

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> Outputs:
        """Read one message.

        Args:
            input_ids: (1, T) int64.
            token_type_ids: (1, T), 0 for the text with its specials, 1 for the target.
        """
        target = token_type_ids[0].to(torch.float32)
        text = 1 - target
        blocked = text[:, None] * target[None, :] * -1e4
        hidden = self.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)[0]
        for layer in self.layers:
            hidden = layer(hidden, blocked)
        vector = functional.normalize(_mean(hidden, text), dim=-1)
        aim = _mean(hidden, target)
        seen, attention = look(self.network, hidden[None], text[None].bool(), aim)
        contributions = attention[:, :, self.head] * self.values(seen)
        logits = contributions.sum(dim=1) + self.network.bias
        return Outputs(vector, logits, contributions, seen, attention)


class _Layer(nn.Module):
    """One transformer layer over (T, D), with one product for queries, keys and values."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        own, out = layer.attention.self, layer.attention.output
        self.heads, self.size = own.num_attention_heads, own.attention_head_size
        self.joint = nn.Linear(own.query.in_features, 3 * own.all_head_size)
        parts = (own.query, own.key, own.value)
        self.joint.weight = nn.Parameter(torch.cat([part.weight for part in parts]))
        self.joint.bias = nn.Parameter(torch.cat([part.bias for part in parts]))
        self.output, self.first_norm = out.dense, out.LayerNorm
        self.up, self.down = layer.intermediate.dense, layer.output.dense
        self.second_norm = layer.output.LayerNorm

    def forward(self, hidden: Tensor, blocked: Tensor) -> Tensor:
        joint = self.joint(hidden).view(-1, 3 * self.heads, self.size).transpose(0, 1)
        query, key, value = joint.split(self.heads)
        scores = query @ key.transpose(1, 2) * self.size**-0.5 + blocked
        mixed = scores.softmax(dim=-1) @ value
        mixed = mixed.transpose(0, 1).reshape(-1, self.heads * self.size)
        hidden = self.first_norm(self.output(mixed) + hidden)
        return self.second_norm(self.down(functional.gelu(self.up(hidden))) + hidden)


def _mean(hidden: Tensor, mask: Tensor) -> Tensor:
    """(1, D) mean of the tokens (T, D) under a mask (T,)."""
    return (hidden * mask[:, None]).sum(dim=0, keepdim=True) / mask.sum().clamp(min=1)
