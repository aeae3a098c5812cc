"""The shop's catalogue and the search over it, put together: which reader, which search, and the vectors beside it.

Owns those choices, which the running node, the commands and the bench share. Starts nothing by itself.
"""

from collections.abc import Iterable
from pathlib import Path

from edge.catalogue import COLUMNS, Catalogue, load_catalogue
from edge.catalogue_head_office import HeadOfficeFile, read_head_office
from edge.catalogue_search import CatalogueSearch
from edge.catalogue_till import TillWords, load_till_words
from edge.catalogue_typed import TypedSearch
from edge.catalogue_vectors import CatalogueVectors, TextEmbedder
from edge.catalogue_words import word_forms
from edge.places import APPLIANCE_ROOT, Places
from models.embeddings import Embedder
from models.manifest import Task
from models.registry import Registry

SEARCH_WORDS = APPLIANCE_ROOT / "firmware-config" / "search"


def till_words_of(language: str) -> TillWords:
    """The language's word list; empty where it has none.

    Raises:
        ConfigError: the list is wrong.
    """
    return load_till_words(SEARCH_WORDS / f"{language}.toml", word_forms(language).of)


def load_any_catalogue(path: Path, words: TillWords, *, for_kiosk: bool = False) -> HeadOfficeFile:
    """Read the shop's own file, known by its exact header, or a head office's.

    Raises:
        ConfigError: it is wrong; names line and column.
    """
    if _is_ours(path):
        return HeadOfficeFile(load_catalogue(path), {column: column for column in COLUMNS}, ())
    return read_head_office(path, words, for_kiosk=for_kiosk)


def make_search(
    catalogue: Catalogue, language: str, *, never_corrected: Iterable[str] = (), ignored: Iterable[str] = ()
) -> CatalogueSearch | TypedSearch:
    """By product types where the catalogue has them."""
    if any(product.product_type for product in catalogue):
        words = till_words_of(language)
        return TypedSearch(catalogue, words=words, never_corrected=never_corrected, ignored=ignored)
    forms = word_forms(language)
    return CatalogueSearch(
        catalogue,
        words=forms.of,
        never_corrected=never_corrected,
        ignored=ignored,
        head_first=forms.head_first,
    )


def vectors_beside(search: TypedSearch, places: Places, registry: Registry) -> CatalogueVectors:
    """Vectors for the search's types, kept in the data folder; entered, they are made in the background."""

    def opened() -> tuple[TextEmbedder, str]:
        artefact = registry.active(Task.EMBEDDINGS)
        return Embedder.open(artefact), artefact.manifest.sha256

    vectors = CatalogueVectors(search.kinds.texts(), opened, places.search / "vectors.npz")
    search.use(vectors.likeness)
    return vectors


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.readline(4096).strip() == ",".join(COLUMNS)
    except (OSError, UnicodeDecodeError):
        return False
