"""Settings of the runtimes: how many cores the networks may use and how the language model is kept alive.

Owns the section `[models]` of the shop's settings. Refuses unknown keys and numbers out of their bounds. Which
weights are active is no setting: `models.registry` keeps that in its slots.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Provider = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]{1,40}ExecutionProvider$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LanguageSettings(_Section):
    """The language model's process. Without it the kiosk answers from templates."""

    enabled: bool = True
    """Off: the kiosk answers from templates."""
    threads: int = Field(default=2, ge=1, le=64, description="cores the process may keep busy")
    least_cores: float = Field(
        default=0.25, ge=0.05, le=1.0, description="cores left to the process while cameras are under their `min_fps`"
    )
    context_tokens: int = Field(
        default=2048, ge=512, le=32768, description="tokens that fit in memory: cached prefixes and the turns under way"
    )
    chunk_tokens: int = Field(
        default=63, ge=8, le=63, description="tokens computed in one go for all turns; a cancel waits for it at most"
    )
    # From 64 rows on llama.cpp attends in tiles: the same tokens then came out up to 0.7 of a logit apart (measured).
    cached_prefixes: int = Field(default=2, ge=1, le=8, description="shared prefixes that are kept computed")
    parallel_turns: int = Field(default=8, ge=1, le=8, description="turns that are worded side by side, in one batch")
    queue_limit: int = Field(default=8, ge=1, le=64, description="requests under way, waiting ones included")
    start_timeout_s: float = Field(default=30.0, ge=1.0, le=600.0, description="until the process says it is ready")
    ping_every_s: float = Field(default=1.0, ge=0.05, le=60.0)
    """How often the process is asked whether it lives."""
    hang_after_s: float = Field(
        default=15.0, ge=0.2, le=120.0, description="silence after a ping or a deadline, until the process is replaced"
    )
    restart_first_s: float = Field(default=0.2, gt=0.0, le=10.0, description="longest wait before the first restart")
    restart_max_s: float = Field(default=30.0, ge=0.2, le=600.0, description="longest wait before any restart")


class ModelsSettings(_Section):
    """What all networks share."""

    onnx_threads: int = Field(default=1, ge=1, le=64, description="threads of one ONNX session")
    providers: tuple[Provider, ...] = Field(
        default=("CPUExecutionProvider",), min_length=1, max_length=8, description="ONNX Runtime providers, best first"
    )
    language: LanguageSettings = LanguageSettings()
