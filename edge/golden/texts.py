"""The set `embeddings`: shoppers' questions, and whether a right product is among the three nearest."""

from pathlib import Path

from edge.golden.figures import Bars, Measured, Progress
from models.embedding_golden import read_queries, score_queries
from models.embeddings import Embedder
from models.manifest import ActiveArtefact


def run_embeddings(artefact: ActiveArtefact, folder: Path, _bars: Bars, _progress: Progress) -> Measured:
    """Share of the questions that find their product."""
    golden = read_queries(folder / "embeddings.toml")
    with Embedder.open(artefact) as embedder:
        score = score_queries(embedder, golden)
    return score.asked, {"top_3": score.top_3}
