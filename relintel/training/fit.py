"""Fine-tuning: one loss over all heads, vectors held to the base encoder's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from relintel.nlp.heads import HEADS
from relintel.training.batches import UNKNOWN, Batch, batches, encode
from relintel.training.checkpoints import Stateful, load_checkpoint, save_checkpoint
from relintel.training.data import Example
from relintel.training.network import ReadingNetwork


@dataclass(frozen=True, slots=True)
class Recipe:
    """Choices of one training run; all were made on validation sources, none on the dev set.

    Attributes:
        length: most tokens of a text.
        body_rate: highest learning rate of the encoder; `head_rate`: of the heads.
        warmup: share of the steps in which the rates rise; afterwards they fall to zero.
        distil: weight of the cosine loss that holds vectors to the base encoder's.
        smoothing: label smoothing.
        average: how slowly the weights' moving average follows them, a step.
        bf16: compute the network in bfloat16. With AVX-512 BF16 two cores trained 1.7 times as
            fast, without it they are several times slower.
    """

    epochs: int = 5
    batch: int = 32
    length: int = 128
    body_rate: float = 1.5e-4
    head_rate: float = 1e-3
    decay: float = 0.01
    warmup: float = 0.1
    distil: float = 1.0
    smoothing: float = 0.05
    average: float = 0.995
    seed: int = 7
    bf16: bool = False


HEAD_WEIGHTS: Final = {
    "relationship": 1.0,
    "sentiment": 0.7,
    "valence": 0.7,
    "ambivalence": 0.5,
    "closeness": 0.7,
    "complaint": 1.2,
    "flags": 1.0,
    "wants": 0.4,
    "suggestion": 0.2,
    "drivers": 0.4,
}


def fit(
    network: ReadingNetwork,
    tokenizer: Tokenizer,
    examples: Sequence[Example],
    recipe: Recipe,
    *,
    anchors: Callable[[], Tensor],
    checkpoint: Path | None = None,
    made_from: str = "",
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Train `network` in place, on the device where it lies.

    Args:
        network: what is trained. At the end it holds the moving average of its weights.
        tokenizer: without padding or truncation.
        examples: labelled, in part or in full.
        recipe: see `Recipe`.
        anchors: gives (N, 384): where each example's vector should stay, unit length; asked for
            only when there is something left to train.
        checkpoint: file for the state after every epoch; a run that was cut off goes on from it.
        made_from: digest of all that decides the outcome; a checkpoint with another is refused.
        report: told of every epoch.

    Raises:
        ModelError: the checkpoint is of another run.
    """
    device = network.bias.device
    encodings = encode(tokenizer, examples, recipe.length)
    weights = {name: w.to(device) for name, w in _class_weights(examples).items()}
    optimiser = _optimiser(network, recipe)
    per_epoch = -(-len(examples) // recipe.batch)
    schedule = _schedule(optimiser, per_epoch * recipe.epochs, recipe.warmup)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average))
    parts: tuple[Stateful, ...] = (network, average, optimiser, schedule)
    first = load_checkpoint(checkpoint, parts, made_from)
    held = anchors() if first < recipe.epochs else torch.zeros(0)
    for epoch in range(first, recipe.epochs):
        torch.manual_seed(recipe.seed + epoch)
        random = np.random.default_rng([recipe.seed, epoch])
        network.train()
        losses = []
        for batch in batches(examples, encodings, recipe.batch, random, device):
            with torch.autocast(device.type, torch.bfloat16, enabled=recipe.bf16):
                outputs = network(batch.input_ids, batch.attention_mask, batch.token_type_ids)
            loss = _loss(outputs.logits.float(), batch, weights, recipe.smoothing)
            held_at = held[batch.rows].to(device)
            away = 1 - functional.cosine_similarity(outputs.vector.float(), held_at)
            loss = loss + recipe.distil * away.mean()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad(set_to_none=True)
            average.update_parameters(network)
            losses.append(float(loss.detach()))
        report(f"epoch {epoch + 1}/{recipe.epochs}: loss {np.mean(losses):.3f}")
        save_checkpoint(checkpoint, parts, made_from, epoch + 1)
    network.load_state_dict(average.module.state_dict())


@torch.no_grad()
def predict(
    network: ReadingNetwork, tokenizer: Tokenizer, examples: Sequence[Example], length: int
) -> np.ndarray:
    """Return the logits of every example, (N, ``HEADS.count``) float32."""
    network.eval()
    encodings = encode(tokenizer, examples, length)
    logits = np.zeros((len(examples), HEADS.count), dtype=np.float32)
    for batch in batches(examples, encodings, 64, None, network.bias.device):
        outputs = network(batch.input_ids, batch.attention_mask, batch.token_type_ids)
        logits[batch.rows] = outputs.logits.cpu().numpy()
    return logits


def _loss(logits: Tensor, batch: Batch, weights: dict[str, Tensor], smoothing: float) -> Tensor:
    total = logits.new_zeros(())
    for head in HEADS:
        scores, target = logits[:, head.columns], batch.targets[head.name]
        if head.exclusive:
            each = functional.cross_entropy(
                scores,
                target,
                weight=weights.get(head.name),
                reduction="none",
                ignore_index=UNKNOWN,
                label_smoothing=smoothing,
            )
            known = (target != UNKNOWN).float() * batch.weight
        else:
            looked_for = (target != UNKNOWN).float()
            raw = functional.binary_cross_entropy_with_logits(
                scores, target.clamp(min=0), reduction="none"
            )
            each = (raw * looked_for).sum(dim=1) / looked_for.sum(dim=1).clamp(min=1) * 3
            known = looked_for.amax(dim=1) * batch.weight
        total = total + HEAD_WEIGHTS[head.name] * (each * known).sum() / known.sum().clamp(min=1)
    return total


def _class_weights(examples: Sequence[Example]) -> dict[str, Tensor]:
    """Inverse square root of class frequency, mean 1 over examples, where classes are skewed."""
    weights = {}
    for name in ("relationship", "complaint", "ambivalence", "closeness", "valence"):
        values = [str(getattr(e, name)) for e in examples if getattr(e, name) is not None]
        if not values:
            continue
        counts = np.array([max(values.count(c), 1) for c in HEADS[name].classes], dtype=np.float64)
        raw = 1 / np.sqrt(counts)
        raw *= counts.sum() / (raw * counts).sum()
        weights[name] = torch.tensor(np.clip(raw, 0.3, 4.0), dtype=torch.float32)
    return weights


def _optimiser(network: ReadingNetwork, recipe: Recipe) -> torch.optim.AdamW:
    body = [p for n, p in network.named_parameters() if n.startswith("encoder") and p.requires_grad]
    rest = [p for n, p in network.named_parameters() if not n.startswith("encoder")]
    return torch.optim.AdamW(
        [{"params": body, "lr": recipe.body_rate}, {"params": rest, "lr": recipe.head_rate}],
        weight_decay=recipe.decay,
    )


def _schedule(
    optimiser: torch.optim.Optimizer, steps: int, warmup: float
) -> torch.optim.lr_scheduler.LambdaLR:
    rise = max(1, int(steps * warmup))

    def factor(step: int) -> float:
        return min(step / rise, max(0.0, (steps - step) / max(1, steps - rise)))

    return torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
