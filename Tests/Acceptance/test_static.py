"""What ships is one file that needs nothing of the machine."""

import struct

import pytest

from programs import SHIPPED, bootstrap

PT_DYNAMIC, PT_INTERP, SHT_DYNAMIC, SHT_SYMTAB = 2, 3, 6, 2


@pytest.mark.parametrize("function", SHIPPED)
def test_names_no_interpreter_and_has_no_dynamic_section(function: str) -> None:
    elf = bootstrap(function).read_bytes()
    assert elf[:6] == b"\x7fELF\x02\x01", "64 bits, little-endian"
    programs_at, sections_at = struct.unpack_from("<QQ", elf, 32)
    program_size, programs, section_size, sections = struct.unpack_from("<HHHH", elf, 54)
    program_types = {struct.unpack_from("<I", elf, programs_at + i * program_size)[0] for i in range(programs)}
    section_types = {struct.unpack_from("<I", elf, sections_at + 4 + i * section_size)[0] for i in range(sections)}
    assert not program_types & {PT_INTERP, PT_DYNAMIC}
    assert SHT_DYNAMIC not in section_types
    assert SHT_SYMTAB not in section_types, "stripped"


@pytest.mark.parametrize("function", SHIPPED)
def test_ships_its_trust_store_as_real_files_under_hashed_names(function: str) -> None:
    certificates = list((bootstrap(function).parent / "certs").iterdir())
    assert len(certificates) > 100
    for certificate in certificates:
        assert certificate.is_file() and not certificate.is_symlink()
        stem, _, number = certificate.name.partition(".")
        assert len(stem) == 8 and int(stem, 16) >= 0 and number.isdigit()
