"""The small vision-language model of the digit-grid benchmark."""

from torch import nn

from prunarium.bench import digit_grid


def digit_grid_llava() -> nn.Module:
    """transformers' LlavaForConditionalGeneration: a CLIP tower of 1 layer, a Llama of 10 layers, both of width 64.

    Takes grey images ``[batch, 1, 36, 36]`` in 0..1, which become 81 visual tokens.
    """
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    vision = CLIPVisionConfig(
        image_size=digit_grid.CANVAS,
        patch_size=digit_grid.PATCH,
        num_channels=1,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=1,
        num_attention_heads=4,
    )
    text = LlamaConfig(
        vocab_size=len(digit_grid.VOCABULARY),
        hidden_size=64,
        intermediate_size=160,
        num_hidden_layers=10,
        num_attention_heads=4,
        max_position_embeddings=128,
        initializer_range=0.1,
        pad_token_id=digit_grid.PAD,
        bos_token_id=digit_grid.BOS,
        eos_token_id=digit_grid.EOS,
    )
    return LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=vision,
            text_config=text,
            image_token_id=digit_grid.IMAGE,
            image_seq_length=digit_grid.IMAGE_TOKENS,
            vision_feature_layer=-1,
            vision_feature_select_strategy="default",
        )
    )
