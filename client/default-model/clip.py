"""CLIP's text transformer: token ids [batch, 77] to context [batch, 77, width], with SD v1's key names."""
import torch
from torch import nn

from norms import LayerNorm

POSITIONS = 77


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.q_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x, mask):
        batch, length, width = x.shape
        split = lambda t: t.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.q_proj(x)), split(self.k_proj(x)), split(self.v_proj(x))
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + mask
        out = scores.softmax(-1).to(v.dtype) @ v
        return self.out_proj(out.transpose(1, 2).reshape(batch, length, width))


class MLP(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x))  # quick GELU


class EncoderLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.self_attn = SelfAttention(width, heads)
        self.layer_norm1 = LayerNorm(width)
        self.mlp = MLP(width)
        self.layer_norm2 = LayerNorm(width)

    def forward(self, x, mask):
        x = x + self.self_attn(self.layer_norm1(x), mask)
        return x + self.mlp(self.layer_norm2(x))


class Embeddings(nn.Module):
    def __init__(self, vocabulary, width):
        super().__init__()
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.position_embedding = nn.Embedding(POSITIONS, width)

    def forward(self, ids):
        return self.token_embedding(ids) + self.position_embedding.weight


class Encoder(nn.Module):
    def __init__(self, width, layers, heads):
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(width, heads) for _ in range(layers))


class TextTransformer(nn.Module):
    """Causal: a token sees only those before it. Every place after the last word holds the end token."""

    def __init__(self, vocabulary, width, layers, heads):
        super().__init__()
        self.embeddings = Embeddings(vocabulary, width)
        self.encoder = Encoder(width, layers, heads)
        self.final_layer_norm = LayerNorm(width)
        mask = torch.full((POSITIONS, POSITIONS), -1e4).triu(1)
        self.register_buffer("mask", mask, persistent=False)
        for embedding in (self.embeddings.token_embedding, self.embeddings.position_embedding):
            nn.init.normal_(embedding.weight, std=0.02)

    def forward(self, ids):
        x = self.embeddings(ids)
        for layer in self.encoder.layers:
            x = layer(x, self.mask)
        return self.final_layer_norm(x)
