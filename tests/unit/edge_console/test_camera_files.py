import stat
import tomllib
from pathlib import Path

import pytest

from edge.camera_files import read_camera_file, replace_camera_file, with_tables
from edge.errors import ConfigError

_SLOT = {"id": "milk", "sku": "BR-0001", "polygon_norm": ((0.1, 0.1), (0.3, 0.1), (0.3, 0.4), (0.1, 0.4)), "facings": 2}
_HAND_WRITTEN = """\
# Dairy, aisle 2. Ladder is in the cellar.
id = "cam-dairy"  # as on the sticker
url = "rtsp://box/1"

# top shelf, planogram of May
[[slots]]
id = "old"
sku = "BR-0009"
polygon_norm = [
    [0.0, 0.0],  # measured
    [0.5, 0.0],
    [0.5, 0.5],
    [0.0, 0.5],
]

[references]
stocked = "full.png"

# people
[[zones]]
id = "front"
polygon_norm = [[0.0, 0.9], [1.0, 0.9], [0.5, 1.0]]
"""


def test_drawn_tables_replace_the_old_ones_and_every_other_line_stays_letter_by_letter() -> None:
    made = with_tables(_HAND_WRITTEN, {"slots": [_SLOT]})

    read = tomllib.loads(made.text)
    assert read["slots"] == [{**_SLOT, "polygon_norm": [[0.1, 0.1], [0.3, 0.1], [0.3, 0.4], [0.1, 0.4]]}]
    assert read["references"] == {"stocked": "full.png"}
    assert read["zones"][0]["id"] == "front"
    assert made.text.startswith('# Dairy, aisle 2. Ladder is in the cellar.\nid = "cam-dairy"  # as on the sticker\n')
    assert "# people\n[[zones]]" in made.text
    assert made.comments_lost == 1


def test_tables_that_are_empty_now_are_gone() -> None:
    made = with_tables(_HAND_WRITTEN, {"slots": [], "zones": []})

    assert set(tomllib.loads(made.text)) == {"id", "url", "references"}


def test_slots_written_inline_become_tables() -> None:
    inline = '# by hand\nid = "a"\nslots = [{id = "old", sku = "BR-1"}]\n[references]\nempty = "e \\"x\\".png"\n'

    made = with_tables(inline, {"slots": [_SLOT]})

    read = tomllib.loads(made.text)
    assert (read["slots"][0]["id"], read["references"]["empty"]) == ("milk", 'e "x".png')
    assert made.text.startswith("# by hand\n")


def test_a_file_that_cannot_be_parted_by_lines_is_written_anew_and_says_what_that_cost() -> None:
    odd = '# by hand\nid = "a"\nname = """\n[slots]\n"""\n'

    made = with_tables(odd, {"slots": [_SLOT]})

    read = tomllib.loads(made.text)
    assert (read["id"], read["name"], read["slots"][0]["id"]) == ("a", "[slots]\n", "milk")
    assert made.comments_lost == 1


@pytest.mark.parametrize("name", ['quo"te', "line\nbreak", "back\\slash", "del\x7f", "umlaut ü", ""])
def test_any_text_survives_the_way_to_the_file_and_back(name: str) -> None:
    made = with_tables('id = "a"\n', {"references": {"stocked": name}})

    assert tomllib.loads(made.text)["references"]["stocked"] == name


_MASK = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.2))


@pytest.mark.parametrize(
    "before",
    [
        'id = "a"\n',
        'id = "a"\nmasks = [[[0.5, 0.5], [0.6, 0.5], [0.6, 0.6]]]  # the safe\n\n[references]\nempty = "e"\n',
        'id = "a"\nmasks = [\n  # the safe\n  [[0.5, 0.5], [0.6, 0.5], [0.6, 0.6]],\n]\nname = "x"\n[[lines]]\n',
    ],
    ids=["none before", "in one line", "over several lines"],
)
def test_a_plain_list_takes_the_place_of_the_old_one_above_all_tables(before: str) -> None:
    made = with_tables(before, {"masks": [_MASK]})

    read = tomllib.loads(made.text)
    assert read == {**tomllib.loads(before), "masks": [[[0.0, 0.0], [0.2, 0.0], [0.2, 0.2]]]}
    assert made.text.startswith('id = "a"\n')
    assert "masks" not in tomllib.loads(with_tables(made.text, {"masks": []}).text)


def test_a_table_that_was_not_there_is_added() -> None:
    made = with_tables('id = "a"\n', {"slots": [_SLOT, {**_SLOT, "id": "oat"}], "lines": []})

    assert [slot["id"] for slot in tomllib.loads(made.text)["slots"]] == ["milk", "oat"]
    assert made.comments_lost == 0


def test_the_former_file_stays_beside_the_new_one_with_the_same_rights(tmp_path: Path) -> None:
    path = tmp_path / "cam.toml"
    path.write_text("id = 'a'\n")
    path.chmod(0o640)

    replace_camera_file(path, "id = 'b'\n", former=read_camera_file(path))

    assert path.read_text() == "id = 'b'\n"
    assert (tmp_path / "cam.toml.bak").read_text() == "id = 'a'\n"
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o640}


def test_a_file_that_cannot_be_written_stays_as_it_is_and_the_sentence_says_why(tmp_path: Path) -> None:
    path = tmp_path / "cam.toml"
    path.write_text("id = 'a'\n")
    (tmp_path / ".aside-cam.toml.bak").mkdir()  # nothing can be written aside, root or not

    with pytest.raises(ConfigError, match=r"cam\.toml: cannot be written: .*it is as it was"):
        replace_camera_file(path, "id = 'b'\n", former=b"id = 'a'\n")

    assert path.read_text() == "id = 'a'\n"
