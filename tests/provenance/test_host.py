from __future__ import annotations

import sys
from importlib import metadata
from typing import TYPE_CHECKING

from provenir.provenance import host

if TYPE_CHECKING:
    from pathlib import Path


def test_the_packages_are_those_that_the_standard_library_lists() -> None:
    found = dict(host.installed_packages())
    for name in ("pytest", "pydantic", "orjson"):
        assert found[name] == metadata.version(name)
    assert list(found) == sorted(found)


def test_what_a_package_carries_inside_itself_is_part_of_it(tmp_path: Path, monkeypatch) -> None:
    site = tmp_path / "site-packages"
    carried = site / "cluster" / "thirdparty_files"
    for folder, name in ((site, "cluster"), (carried, "psutil"), (site / "old.egg", "old")):
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(carried), str(site), str(site / "old.egg")])
    host.installed_packages.cache_clear()
    try:
        assert host.installed_packages() == (("cluster", "1.0"), ("old", "1.0"))
    finally:
        host.installed_packages.cache_clear()


def test_an_empty_proc_is_unknown_not_zero(tmp_path: Path) -> None:
    assert host.accelerators(tmp_path) is None
    assert host.cpu(tmp_path)["isa"] is None


def test_an_x86_processor(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(
        "processor\t: 0\nmodel name\t: Fast(R) CPU @ 3GHz\n"
        "flags\t\t: fpu sse4_2 avx2 smep amx_bf16\n\n"
        "processor\t: 1\nmodel name\t: Other\nflags\t\t: fpu\n"
    )
    cpu = host.cpu(tmp_path)
    assert (cpu["model"], cpu["isa"]) == ("Fast(R) CPU @ 3GHz", ["amx_bf16", "avx2", "sse4_2"])


def test_an_arm_processor(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(
        "processor\t: 0\nFeatures\t: fp asimd sve i8mm crc32\n"
        "CPU implementer\t: 0x41\nCPU part\t: 0xd40\n"
    )
    cpu = host.cpu(tmp_path)
    assert (cpu["model"], cpu["isa"]) == ("arm 0x41 0xd40", ["asimd", "i8mm", "sve"])


def test_nvidia_driver_and_devices(tmp_path: Path) -> None:
    driver = tmp_path / "driver" / "nvidia"
    for index, model in enumerate(("NVIDIA H100 80GB HBM3", "NVIDIA L4")):
        gpu = driver / "gpus" / f"0000:0{index}:00.0"
        gpu.mkdir(parents=True)
        (gpu / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 12\n")
    (driver / "version").write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build\n"
        "GCC version:  gcc version 12.2.0\n"
    )
    assert host.accelerators(tmp_path) == {
        "driver": "550.54.15",
        "devices": ["NVIDIA H100 80GB HBM3", "NVIDIA L4"],
    }
