"""The vit family on timm's models: exact where nothing is reduced, reversible, right per sample, never silent."""

import copy
from typing import ClassVar

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.models.vision_transformer import VisionTransformer

from prunarium import PrunariumError, load
from prunarium.families import Shape, VitMethod, shape_of, tokens_per_block, with_budget
from prunarium.ops import bipartite_soft_matching

SMALL = {"img_size": 64, "embed_dim": 48, "depth": 4, "num_heads": 3, "num_classes": 7}
MODELS = {
    "ViT": ("vit_tiny_patch16_224", {}),
    "DeiT": ("deit_tiny_patch16_224", {}),
    "distilled DeiT": ("deit_tiny_distilled_patch16_224", {}),
    "DeiT-III (LayerScale)": ("deit3_small_patch16_224", {"init_values": 0.5}),
    "DINOv2 with registers": ("vit_small_patch14_reg4_dinov2", {"img_size": 112, "init_values": 0.5}),
    "SigLIP (no cls token, attention pooling)": ("vit_base_patch16_siglip_224", {}),
    "average pooling": ("vit_base_patch16_224", {"global_pool": "avg"}),
    "qk-norm": ("vit_base_patch16_224", {"qk_norm": True}),
}
NO_CLS = "SigLIP (no cls token, attention pooling)"
METHODS = {
    "tome": {"r": 3},
    "evit": {"keep_rate": 0.6},
    "topk-cls": {"keep_rate": 0.6},
    "random": {"keep_rate": 0.6},
    "identity": {},
}
NOTHING = {"tome": {"r": 0}, "evit": {"keep_rate": 1}, "topk-cls": {"keep_rate": 1}, "random": {"keep_rate": 1}}
NEED_CLS = ("evit", "topk-cls")  # refused without a cls token: see test_no_cls_token_is_refused


def fitting(methods):
    """Every model with every method that works on it."""
    return [(kind, name) for kind in MODELS for name in methods if not (kind == NO_CLS and name in NEED_CLS)]


def make(kind: str):
    name, extra = MODELS[kind]
    torch.manual_seed(3)
    model = timm.create_model(name, **{**SMALL, **extra}).eval()
    with torch.no_grad():
        for block in model.blocks:
            block.attn.qkv.weight.normal_(std=0.3)
        if getattr(model, "reg_token", None) is not None:
            model.reg_token.normal_()
    return model


def inputs(model, count=4):
    size = model.patch_embed.img_size[0]
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("kind, name", fitting(NOTHING))
@torch.inference_mode()
def test_nothing_reduced_equals_the_untouched_model(kind, name):
    model = make(kind)
    x = inputs(model)
    before = model(x)
    with load(name, **NOTHING[name]).apply(model):
        assert (model(x) - before).abs().max() <= 1e-5
    assert torch.equal(model(x), before)


@pytest.mark.parametrize("kind, name", fitting(METHODS))
@torch.inference_mode()
def test_reducing_models(kind, name):
    """Fewer tokens, finite outputs, restored bit for bit, the same per sample at batch 1 and batch 8."""
    model, method = make(kind), load(name, **METHODS[name])
    x = inputs(model, 8)
    before = model(x)
    with method.apply(model) as handle:
        together = model(x)
        report = handle.report()
    with method.apply(model):
        alone = torch.cat([model(sample[None]) for sample in x])
    assert together.isfinite().all()
    assert (together - alone).abs().max() <= 1e-4
    assert report.tokens_out == tokens_per_block(method, shape_of(method, model))
    assert (report.budget < 1) == (name != "identity")
    assert torch.equal(model(x), before)
    assert not any("forward" in vars(module) or callable(vars(module).get("pool")) for module in model.modules())
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("name", NEED_CLS)
def test_no_cls_token_is_refused(name):
    with pytest.raises(PrunariumError, match=r"needs cls_attention.*no cls token"):
        load(name).apply(make(NO_CLS))


def test_prefix_tokens_are_never_reduced():
    model = make("DINOv2 with registers")
    x = inputs(model)
    for name, parameters in METHODS.items():
        with load(name, **parameters).apply(model) as handle, torch.inference_mode():
            model(x)
            home = handle.source()
        assert (home[:, :5] == torch.arange(5)).all()
        assert not torch.isin(home[:, 5:], torch.arange(5)).any()


@torch.inference_mode()
def test_restored_after_an_exception(vit, images):
    before = vit(images)
    with pytest.raises(RuntimeError, match="mine"), load("tome", r=4).apply(vit):
        vit(images)
        raise RuntimeError("mine")
    assert torch.equal(vit(images), before)
    handle = load("tome", r=4).apply(vit)
    handle.remove()
    handle.remove()
    assert torch.equal(vit(images), before)


@pytest.mark.parametrize("kind", ["average pooling", NO_CLS])
@torch.inference_mode()
def test_merging_twins_changes_nothing(kind):
    """With proportional attention, merging tokens that are equal leaves every other token as it was (section 3)."""
    model = make(kind)
    model.pos_embed.zero_()
    if model.attn_pool is not None:
        model.attn_pool.kv.weight.normal_(std=0.5)
    x = inputs(model, 2)[:, :, :, :16].repeat(1, 1, 1, 4)  # every row of patches holds four equal ones
    before = model(x)
    with load("tome", r=[6]).apply(model) as handle:
        merged = model(x)
    assert handle.report().tokens_out[0] == 10 + model.num_prefix_tokens
    assert (merged - before).abs().max() <= 1e-4
    with load("tome", r=[6], proportional_attention=False).apply(model):
        assert (model(x) - before).abs().max() > 1e-3


@settings(max_examples=30, deadline=None)
@given(
    keep_rate=st.floats(0.05, 1),
    blocks=st.lists(st.integers(0, 5), min_size=1, unique=True).map(sorted),
    fuse=st.booleans(),
)
def test_evit_counts_follow_the_closed_form(keep_rate, blocks, fuse):
    import math

    method = load("evit", keep_rate=keep_rate, blocks=blocks, fuse=fuse)
    torch.manual_seed(0)
    model = VisionTransformer(img_size=32, patch_size=4, embed_dim=12, depth=6, num_heads=1, num_classes=2).eval()
    with method.apply(model) as handle, torch.inference_mode():
        model(torch.randn(1, 3, 32, 32))
    count, expected = 64, []
    for block in range(6):
        kept = math.ceil(keep_rate * count)
        if block in blocks and kept < count:
            count = kept + fuse
        expected.append(count + 1)
    assert handle.report().tokens_out == expected


@settings(max_examples=30, deadline=None)
@given(r=st.integers(0, 100), inflection=st.floats(-1, 1))
def test_tome_schedules(r, inflection):
    def schedule_of(r, depth=12):
        return load("tome", r=r).schedule(Shape("vit", depth, 1, 197, (3, 6, 9), 192))

    schedule = schedule_of((r, inflection))
    assert len(schedule) == 12
    assert all(0 <= count <= 2 * r for count in schedule)
    assert abs(sum(schedule) - 12 * r) <= 12
    assert schedule_of(r) == [r] * 12
    assert schedule_of([r, 1], depth=4) == [r, 1, 0, 0]


@torch.inference_mode()
def test_r_beyond_the_tokens_merges_half(vit, images):
    with load("tome", r=1000).apply(vit) as handle:
        vit(images)
    assert handle.report().tokens_out == [33, 17, 9, 5, 3, 2]


@torch.inference_mode()
def test_source_tells_where_tokens_went(vit, images):
    with load("evit", keep_rate=0.5, blocks=[2]).apply(vit) as handle:
        vit(images)
        assert (handle.source(1) == torch.arange(65)).all()
        home = handle.source(2)
    assert home.shape == (8, 65)
    assert all(len(set(row.tolist())) == 34 for row in home)  # cls, 32 kept, 1 fused
    assert ((home == 33).sum(dim=1) == 32).all()
    with load("random", keep_rate=0.5, blocks=[2]).apply(vit) as handle:
        vit(images)
    assert ((handle.source() == -1).sum(dim=1) == 32).all()
    with pytest.raises(PrunariumError, match="no block 9"):
        handle.source(9)


@torch.inference_mode()
def test_random_is_seeded(vit, images):
    def run(seed):
        with load("random", keep_rate=0.5, seed=seed).apply(vit) as handle:
            return vit(images), handle.source()

    (one, home), (again, _), (other, other_home) = run(0), run(0), run(1)
    assert torch.equal(one, again)
    assert not torch.equal(home, other_home)
    assert not torch.equal(one, other)
    assert not torch.equal(home[0], home[1]), "every sample draws for itself"


@pytest.mark.parametrize("budget", [0.75, 0.5, 0.25])
@pytest.mark.parametrize("name", ["tome", "evit", "topk-cls", "random"])
@torch.inference_mode()
def test_with_budget(vit, images, name, budget):
    method = with_budget(load(name), budget, shape_of(load(name), vit))
    with method.apply(vit) as handle:
        vit(images)
    assert abs(handle.report().budget - budget) <= 0.01


def test_errors_say_what_to_do(vit):
    with pytest.raises(PrunariumError, match="works on: timm VisionTransformer"):
        load("tome").apply(timm.create_model("resnet18"))
    with load("tome").apply(vit):
        with pytest.raises(PrunariumError, match=r"already applied.*remove its handle"):
            load("evit").apply(vit)
        with pytest.raises(PrunariumError, match="masks are not supported"):
            vit(torch.zeros(1, 3, 32, 32), attn_mask=torch.zeros(65, 65))
    with pytest.raises(PrunariumError, match="block 9 does not exist: the model has blocks 0 to 5"):
        load("evit", blocks=[9]).apply(vit)
    with pytest.raises(PrunariumError, match="r lists 7 blocks, the model has 6"):
        load("tome", r=[1] * 7).apply(vit)
    with pytest.raises(PrunariumError, match="run the model once"):
        load("tome").apply(vit).report()


def test_refused_models_are_left_alone(vit):
    vit.set_grad_checkpointing(True)
    with pytest.raises(PrunariumError, match="set_grad_checkpointing"):
        load("tome").apply(vit)
    vit.set_grad_checkpointing(False)
    load("tome").apply(vit).remove()
    with pytest.raises(PrunariumError, match="ParallelScalingBlock is not supported"):
        load("tome").apply(timm.create_model("vit_small_patch16_36x1_224", depth=2, block_fn=parallel_block()))


def parallel_block():
    from timm.models.vision_transformer import ParallelScalingBlock

    return ParallelScalingBlock


@torch.inference_mode()
def test_eager_attention_gives_the_same(vit, images):
    method = load("tome", r=6)
    with method.apply(vit):
        fused = vit(images)
    for block in vit.blocks:
        block.attn.fused_attn = False
    with method.apply(vit):
        assert (vit(images) - fused).abs().max() <= 1e-4


def test_gradients_flow(vit, images):
    vit.train()
    with load("tome", r=6).apply(vit):
        vit(images).sum().backward()
    assert all(parameter.grad is not None for parameter in vit.parameters())


@torch.inference_mode()
def test_a_copy_of_a_patched_model_runs_its_own_blocks(vit, images):
    with load("tome", r=6).apply(vit):
        expected = vit(images)
        twin = copy.deepcopy(vit)
    for parameter in vit.parameters():
        parameter.zero_()
    assert torch.equal(twin(images), expected)
    for _ in range(2):
        with pytest.raises(PrunariumError, match=r"Block\.forward is patched already"):
            load("evit").apply(twin)


def test_a_forgotten_method_does_not_keep_the_model():
    import gc
    import weakref

    model = VisionTransformer(img_size=32, patch_size=4, embed_dim=12, depth=2, num_heads=1, num_classes=2)
    load("tome").apply(model)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


class Both(VitMethod):
    """Merges and then reads cls attention: no shipped method does both."""

    needs: ClassVar = frozenset({"keys", "cls_attention"})
    seen: ClassVar[list] = []

    @property
    def size_bias(self):
        return True

    def reduce(self, tokens, attention, block):
        self.seen.append(attention.cls_attention)
        return bipartite_soft_matching(attention.keys.mean(1), 6, tokens.prefix).merge(tokens)


@torch.inference_mode()
def test_cls_attention_is_the_attention_that_ran(vit, images):
    """The row that methods read equals the one that timm's eager attention used, size bias included."""
    method, used = Both(), []
    for block in vit.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda module, args, output: used.append(args[0][:, :, 0]))
    with method.apply(vit):
        vit(images)
    assert len(used) == len(method.seen) == 6
    for read, ran in zip(method.seen, used, strict=True):
        assert torch.allclose(read, ran, atol=1e-6)


@torch.inference_mode()
def test_feature_maps_are_refused(vit, images):
    with load("tome").apply(vit), pytest.raises(PrunariumError, match="feature maps need every token"):
        vit.forward_intermediates(images)


@torch.inference_mode()
def test_other_pooling_and_stale_features_are_refused():
    model = make("average pooling")
    x = inputs(model)
    untouched = model.forward_features(x)
    with load("tome", r=2).apply(model):
        model(x)
        with pytest.raises(PrunariumError, match="not of the last forward pass"):
            model.forward_head(untouched)
    model.global_pool = "avgmax"
    with load("tome", r=2).apply(model), pytest.raises(PrunariumError, match="pooling 'avgmax' of merged tokens"):
        model(x)


@torch.inference_mode()
def test_half_precision_and_other_sizes(vit, images):
    dynamic = VisionTransformer(
        img_size=32, patch_size=4, embed_dim=48, depth=4, num_heads=3, num_classes=4, dynamic_img_size=True
    ).eval()
    with load("tome", r=4).apply(dynamic) as handle:
        assert dynamic(torch.randn(2, 3, 48, 40)).isfinite().all()
        assert handle.report().tokens_in[0] == 121
    for name in METHODS:
        with load(name, **METHODS[name]).apply(vit), torch.autocast("cpu", torch.bfloat16):
            assert vit(images).isfinite().all()


def test_undeclared_needs_are_refused(vit):
    from prunarium.families import Attention

    with pytest.raises(PrunariumError, match="without declaring it; add it to its 'needs'"):
        _ = Attention(frozenset(), {}).keys
