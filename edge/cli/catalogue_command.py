"""`backroom catalogue`: check a product file, and try the search over one."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.catalogue_making import load_any_catalogue, make_search, till_words_of, vectors_beside
from edge.catalogue_search import CatalogueSearch
from edge.catalogue_typed import TypedSearch
from edge.catalogue_words import words_of
from edge.cli.output import DataFolder, Json, ShopFolder, emit, say, sentences, table
from edge.cli.places import data_folder, shop_folder
from edge.cli.running import quiet_logs
from edge.config import load_shop
from edge.places import DEFAULT_ARTEFACTS, Places
from models.registry import Registry

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True)

_SHOWN = 3
_VECTORS_WITHIN_S = 600.0
ProductFile = Annotated[
    Path | None,
    typer.Option(
        "--catalogue", help="A product file, the shop's or head office's; default: the shop's.", show_default=False
    ),
]


def _words(given: list[str]) -> list[str]:
    if not words_of(" ".join(given)):
        raise typer.BadParameter("give the words that a shopper would use, such as: frozen peas")
    return given


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="CSV, also .gz; the shop's columns or head office's.")],
    *,
    as_json: Json = False,
) -> None:
    """Tell what a product file holds, and whether a kiosk can answer from it; the first wrong cell is named."""
    with sentences():
        read = load_any_catalogue(file, till_words_of("en"))
    kinds = {(product.commodity, product.product_type) for product in read.catalogue if product.product_type}
    found = {
        "file": file,
        "products": len(read.catalogue),
        "departments": len(read.catalogue.departments),
        "product_types": len(kinds),
        "columns": dict(read.columns),
        "unused": read.unused,
        "kiosk_lacks": read.missing,
    }
    if as_json:
        emit(found)
        return
    say(
        f"{file}: {len(read.catalogue)} products, {len(read.catalogue.departments)} departments,"
        f" {len(kinds)} product types"
    )
    table("Columns", ("ours", "the file's"), list(read.columns.items()))
    if read.unused:
        say(f"Not used: {', '.join(read.unused)}")
    say(f"A kiosk also needs: {', '.join(read.missing)}" if read.missing else "A kiosk can answer from it.")


@app.command()
def find(
    words: Annotated[list[str], typer.Argument(help="As a shopper would type them.", callback=_words)],
    *,
    catalogue: ProductFile = None,
    words_only: Annotated[bool, typer.Option("--words-only", help="Without vectors.")] = False,
    shop: ShopFolder = None,
    data: DataFolder = None,
    as_json: Json = False,
) -> None:
    """What the search finds for these words: product types, products, or what may have been meant."""
    quiet_logs()
    with sentences(), ExitStack() as stack:
        if catalogue is None:
            settings = load_shop(shop_folder(shop))
            catalogue = settings.path(settings.settings.shop.catalogue)
        read = load_any_catalogue(catalogue, till_words_of("en"))
        search = make_search(read.catalogue, "en")
        if isinstance(search, TypedSearch) and not words_only:
            places = Places(data_folder(data))
            vectors = stack.enter_context(vectors_beside(search, places, Registry(places.models, DEFAULT_ARTEFACTS)))
            vectors.settled.wait(_VECTORS_WITHIN_S)
        found = _found(search, " ".join(words))
    if as_json:
        emit(found)
        return
    _tell(found)


def _found(search: CatalogueSearch | TypedSearch, asked: str) -> dict[str, Any]:
    began = time.perf_counter()
    result = search.find(asked)
    took_ms = (time.perf_counter() - began) * 1000
    hits = search.find_kinds(asked)[:_SHOWN] if isinstance(search, TypedSearch) else []
    return {
        "asked": asked,
        "result": result.kind,
        "types": [
            {
                "product_type": hit.kind.type_text,
                "commodity": hit.kind.commodity_text,
                "name": hit.kind.name,
                "products": len(hit.kind.skus),
                "covered": round(hit.covered, 3),
                "sure": hit.is_sure,
            }
            for hit in hits
        ],
        "products": [{"sku": p.sku, "title": p.title, "product_type": p.product_type} for p in result.products],
        "total": result.total,
        "did_you_mean": [{"sku": p.sku, "title": p.title, "product_type": p.product_type} for p in result.proposals],
        "took_ms": round(took_ms, 2),
    }


def _tell(found: dict[str, Any]) -> None:
    if found["types"]:
        rows = [
            (t["name"], t["commodity"], t["products"], f"{t['covered']:.2f}", "yes" if t["sure"] else "no")
            for t in found["types"]
        ]
        table("Product types", ("type", "commodity", "products", "of the words", "sure"), rows)
    if found["result"] == "none":
        say("No such product here." + (" Did you mean:" if found["did_you_mean"] else ""))
    for product in found["products"] or found["did_you_mean"]:
        say(f"  {product['sku']}  {product['title']}")
    say(f"[{found['total']} {'product' if found['total'] == 1 else 'products'}, {found['took_ms']:.1f} ms]")
