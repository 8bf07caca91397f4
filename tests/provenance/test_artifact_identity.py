from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.canonical import canonical_bytes
from provenir.core.errors import InputError
from provenir.core.merkle import merkle_root
from provenir.provenance.artifact import (
    compare,
    dir_hash1,
    identify_artifact,
    identify_files,
    identify_tensors,
    subjects,
)

if TYPE_CHECKING:
    from collections.abc import Callable

COREUTILS = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum"


def coreutils_hash(folder: Path) -> str:
    result = subprocess.run(
        ["sh", "-c", COREUTILS], cwd=folder, capture_output=True, text=True, check=True
    )
    return result.stdout.split()[0]


needs_coreutils = pytest.mark.skipif(
    shutil.which("sha256sum") is None or shutil.which("xargs") is None, reason="needs coreutils"
)


@needs_coreutils
def test_the_directory_hash_is_what_coreutils_say(model: Path) -> None:
    (model / "B").write_text("upper case sorts before lower case")
    (model / "tokenizer.json").write_text("sorts after tokenizer/ by bytes? '.' < '/'")
    (model / "größe-模型").write_bytes(b"\0")
    assert identify_artifact(model).dir_hash == coreutils_hash(model)


@needs_coreutils
@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(
        # a leading hyphen is an option, or standard input, to sha256sum
        st.text("aAzé-_.0", min_size=1, max_size=6).filter(
            lambda name: name not in {".", ".."} and name[0] != "-"
        ),
        st.binary(max_size=40),
        min_size=1,
        max_size=6,
    )
)
def test_any_flat_folder_hashes_as_coreutils_do(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("flat")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    assert identify_artifact(folder).dir_hash == coreutils_hash(folder)


def test_dir_hash1_of_a_known_list() -> None:
    text = b"aa  a\nbb  b\n"
    assert dir_hash1([("b", "bb"), ("a", "aa")]) == hashlib.sha256(text).hexdigest()


def test_the_tensor_root_is_the_documented_tree(tmp_path: Path, write_weights: Callable) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(write_weights({"b": b"\1\2", "a": b"\3"}))
    leaves = [
        canonical_bytes(
            {
                "name": name,
                "dtype": "U8",
                "shape": [len(data)],
                "sha256": hashlib.sha256(data).hexdigest(),
            }
        )
        for name, data in (("a", b"\3"), ("b", b"\1\2"))
    ]
    identity = identify_artifact(path)
    assert identity.tensor_root == "sha256:" + merkle_root(leaves).hex()
    assert identity.n_tensors == 2


def test_new_shards_keep_the_tensor_root_and_change_the_directory_hash(
    model: Path, tmp_path: Path, write_weights: Callable
) -> None:
    before = identify_artifact(model)
    (model / "model.safetensors").unlink()
    (model / "a-2.safetensors").write_bytes(write_weights({"norm": b"", "embed": b"\1\2\3"}))
    (model / "a-1.safetensors").write_bytes(
        write_weights({"layer.0": b"\4\5"}, metadata={"format": "pt"})
    )
    after = identify_artifact(model)
    assert after.tensor_root == before.tensor_root
    assert after.n_tensors == before.n_tensors == 3
    assert after.dir_hash != before.dir_hash


@pytest.mark.parametrize(
    "weights",
    [
        {"embed": b"\1\2\4", "layer.0": b"\4\5", "norm": b""},
        {"embed2": b"\1\2\3", "layer.0": b"\4\5", "norm": b""},
        {"embed": b"\1\2\3", "layer.0": b"\4\5"},
        {"embed": b"\4\5", "layer.0": b"\1\2\3", "norm": b""},
    ],
    ids=["a value", "a name", "one fewer", "swapped"],
)
def test_other_tensors_have_another_root(
    model: Path, write_weights: Callable, weights: dict[str, bytes]
) -> None:
    before = identify_artifact(model).tensor_root
    (model / "model.safetensors").write_bytes(write_weights(weights))
    assert identify_artifact(model).tensor_root != before


def test_every_byte_is_read_once(model: Path) -> None:
    read: list[int] = []
    identity = identify_artifact(model, progress=read.append)
    assert sum(read) == identity.total_bytes == sum(size for _, _, size in identity.files)


def test_sub_folders_may_repeat_tensor_names(model: Path, write_weights: Callable) -> None:
    (model / "vae").mkdir()
    (model / "vae" / "w.safetensors").write_bytes(write_weights({"embed": b"\7"}))
    assert identify_artifact(model).n_tensors == 4


def test_a_name_in_two_files_of_one_folder_leaves_the_files_only(
    model: Path, write_weights: Callable
) -> None:
    """As diffusers keeps `model.safetensors` and `model.fp16.safetensors` side by side."""
    before = identify_artifact(model)
    (model / "model.fp16.safetensors").write_bytes(write_weights({"embed": b"\7"}))
    (model / "logs").mkdir()
    identity = identify_artifact(model)
    assert (identity.tensor_root, identity.n_tensors) == (None, 0)
    assert identity.dir_hash != before.dir_hash
    folder, why = identity.ignored
    assert folder == "logs/"
    assert why == "tensors: 'embed' stands in 'model.fp16.safetensors' and in 'model.safetensors'"
    assert [subject.name for subject in subjects(identity)] == ["model/files"]
    assert compare(identity, model) == []
    (model / "model.fp16.safetensors").write_bytes(write_weights({"embed": b"\6"}))
    assert "model.fp16.safetensors" in [difference.name for difference in compare(identity, model)]


def test_a_single_file_and_a_folder_without_tensors(model: Path) -> None:
    single = identify_artifact(model / "config.json", kind="config")
    assert [name for name, _, _ in single.files] == ["config.json"]
    assert single.tensor_root is None
    assert [s.name for s in subjects(single)] == ["config.json/files"]


def test_subjects_are_the_two_identities(model: Path) -> None:
    identity = identify_artifact(model, name="m/1")
    tensors, files = subjects(identity)
    assert (tensors.name, files.name) == ("m/1/tensors", "m/1/files")
    assert "sha256:" + tensors.digest["sha256"] == identity.tensor_root
    assert files.digest == {"dirHash1": identity.dir_hash}


def test_empty_folders_are_listed_as_ignored(model: Path) -> None:
    before = identify_artifact(model)
    (model / "logs").mkdir()
    after = identify_artifact(model)
    assert after.ignored == ("logs/",)
    assert after.dir_hash == before.dir_hash


def _link(model: Path) -> None:
    (model / "link").symlink_to("config.json")


def _folder_link(model: Path) -> None:
    (model / "link").symlink_to("/etc")


def _fifo(model: Path) -> None:
    os.mkfifo(model / "link")


def _newline(model: Path) -> None:
    (model / "link\nx").write_text("")


def _not_utf8(model: Path) -> None:
    Path(os.fsdecode(os.fsencode(model) + b"/link\xff")).write_text("")


@pytest.mark.parametrize("spoil", [_link, _folder_link, _fifo, _newline, _not_utf8])
def test_what_is_no_plain_file_is_refused_by_name(
    model: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(model)
    with pytest.raises(InputError, match="link"):
        identify_artifact(model)


def test_nothing_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such"):
        identify_artifact(tmp_path / "absent")
    with pytest.raises(InputError, match="without any file"):
        identify_artifact(tmp_path)


def test_the_path_itself_may_be_a_link(model: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest"
    link.symlink_to(model)
    assert identify_artifact(link).dir_hash == identify_artifact(model).dir_hash


def test_the_identity_of_what_safetensors_itself_writes(tmp_path: Path) -> None:
    np = pytest.importorskip("numpy", reason="needs numpy")
    save = pytest.importorskip("safetensors.numpy", reason="needs safetensors")
    tensors = {
        "w": np.arange(6, dtype=np.float32).reshape(2, 3),
        "scalar": np.array(3.0),
        "empty": np.zeros((0, 4), dtype=np.int64),
        "flag": np.array([True, False]),
    }
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    save.save_file(tensors, tmp_path / "whole" / "model.safetensors")
    for index, name in enumerate(sorted(tensors, reverse=True)):
        save.save_file({name: tensors[name]}, tmp_path / "cut" / f"{index}.safetensors")
    whole = identify_artifact(tmp_path / "whole")
    cut = identify_artifact(tmp_path / "cut")
    assert (whole.n_tensors, whole.tensor_root) == (4, cut.tensor_root)


def _shards(model: Path, write: Callable[..., bytes]) -> None:
    (model / "model-2.safetensors").write_bytes(write({"layer.1": b"\6", "head": b"\7\7"}))


def _pipeline(model: Path, write: Callable[..., bytes]) -> None:
    (model / "unet").mkdir()
    (model / "unet" / "weights.safetensors").write_bytes(write({"embed": b"\6"}))


def _variants(model: Path, write: Callable[..., bytes]) -> None:
    (model / "model.fp16.safetensors").write_bytes(write({"embed": b"\6"}))


def _empty_folder(model: Path, write: Callable[..., bytes]) -> None:
    (model / "logs").mkdir()


def _nothing(model: Path, write: Callable[..., bytes]) -> None:
    pass


@pytest.mark.parametrize("add", [_nothing, _shards, _pipeline, _variants, _empty_folder])
def test_each_identity_alone_is_that_of_both(
    model: Path, write_weights: Callable[..., bytes], add: Callable[..., None]
) -> None:
    add(model, write_weights)
    both = identify_artifact(model)
    tensors, files = identify_tensors(model), identify_files(model)
    assert (tensors.tensor_root, tensors.n_tensors) == (both.tensor_root, both.n_tensors)
    assert (files.dir_hash, files.files) == (both.dir_hash, both.files)
    assert {*tensors.ignored, *files.ignored} == set(both.ignored)


def test_tensors_alone_read_no_other_file(model: Path) -> None:
    read: list[int] = []
    identify_tensors(model, progress=read.append)
    assert sum(read) == (model / "model.safetensors").stat().st_size
    (model / "config.json").write_text("changed")
    assert identify_tensors(model) == identify_tensors(model / "model.safetensors")
    (model / "model.safetensors").unlink()
    with pytest.raises(InputError, match="without any safetensors file"):
        identify_tensors(model)


@pytest.mark.parametrize("identify", [identify_artifact, identify_files, identify_tensors])
def test_a_fault_is_refused_whatever_is_asked_for(
    model: Path, identify: Callable[..., object]
) -> None:
    data = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(data[:-1])
    with pytest.raises(InputError, match="truncated"):
        identify(model)
    (model / "model.safetensors").write_bytes(data)
    _link(model)
    with pytest.raises(InputError, match="symbolic link"):
        identify(model)
