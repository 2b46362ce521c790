"""Small text encoders with weights that make their attention peaked, and padded batches of texts for them."""

import torch
import transformers

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "vocab_size": 60,
    "max_position_embeddings": 64,
}
DISTIL = {"dim": 32, "n_layers": 4, "n_heads": 4, "hidden_dim": 64, "vocab_size": 60, "max_position_embeddings": 64}
DEBERTA = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8, "share_att_key": True}
KINDS = (
    "BertModel",
    "BertForSequenceClassification",
    "BertForQuestionAnswering",
    "BertForTokenClassification",
    "BertForMaskedLM",
    "RobertaForSequenceClassification",
    "RobertaForTokenClassification",
    "DistilBertModel",
    "DistilBertForSequenceClassification",
    "DistilBertForQuestionAnswering",
    "DebertaV2ForSequenceClassification",
    "DebertaV2ForTokenClassification",
)
LENGTHS = (16, 11, 7)


def make(kind, **extra):
    """One of the models, in evaluation mode."""
    torch.manual_seed(3)
    sizes = dict(DISTIL if kind.startswith("Distil") else SIZES)
    sizes |= DEBERTA if kind.startswith("Deberta") else {}
    sizes["num_labels"] = 2 if kind.endswith("QuestionAnswering") else 3
    kind = getattr(transformers, kind)
    model = kind(kind.config_class(**{**sizes, **extra})).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            projects = any(part in name for part in ("query", "key", "q_lin", "k_lin"))
            if parameter.ndim > 1:
                parameter.normal_(std=0.5 if projects else 0.2)
    return model


def texts(model, lengths=LENGTHS, left=False):
    """Random texts of some lengths, padded on the right or on the left."""
    draw = torch.Generator().manual_seed(5)
    longest, pad = max(lengths), model.config.pad_token_id
    ids, mask = torch.full((len(lengths), longest), pad), torch.zeros(len(lengths), longest, dtype=torch.long)
    for number, length in enumerate(lengths):
        place = slice(longest - length, longest) if left else slice(length)
        ids[number, place] = torch.randint(5, 60, (length,), generator=draw)
        mask[number, place] = 1
    return {"input_ids": ids, "attention_mask": mask}


def alone(batch, number):
    """One text without its padding."""
    there = batch["attention_mask"][number].bool()
    return {"input_ids": batch["input_ids"][number : number + 1, there]}


def answers(output):
    """What a model says: of each text ``[batch, n]``, or of each of its tokens ``[batch, tokens, n]``."""
    if hasattr(output, "start_logits"):
        return torch.stack([output.start_logits, output.end_logits], dim=-1)
    return output.logits if hasattr(output, "logits") else output.last_hidden_state


def real(answer, batch):
    """The answers without those of padding, one row for each."""
    return answer if answer.ndim == 2 else answer[batch["attention_mask"].bool()]
