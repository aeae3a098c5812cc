from pathlib import Path

from edge.config import load_shop
from edge.demo import writable_copy
from edge.places import DEMO_SHOP, Places


def test_what_is_drawn_in_the_demo_stays_and_everything_else_is_brought_up_to_date(tmp_path: Path) -> None:
    places = Places(tmp_path / "data")
    copy = writable_copy(DEMO_SHOP, places)
    camera = copy / "cameras" / "cam-aisle.toml"
    camera.write_text('id = "cam-aisle"\nname = "Drawn"\n')
    (copy / "catalogue.csv").write_text("old")

    again = writable_copy(DEMO_SHOP, places)

    assert again == copy == places.data / "shop"
    assert camera.read_text().endswith('name = "Drawn"\n')
    assert (copy / "catalogue.csv").read_bytes() == (DEMO_SHOP / "catalogue.csv").read_bytes()
    assert len(load_shop(copy).cameras) == 3
