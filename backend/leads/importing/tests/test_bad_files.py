"""Every bad file gives a clear message, and changes nothing."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from backend.leads.importing.byte_source import ByteSource
from backend.leads.importing.errors import FileRefused
from backend.leads.importing.tests.factories import count_rows, import_leads, make_catalogue, write_file

HEADER = "category,title,latitude,longitude,email"
GOOD = "plumbing,Tap,19.0,72.8,ann@example.com"
LATER = "plumbing,Sink,19.0,72.8,bob@example.com"


def file_of(*lines: str) -> str:
    return "\n".join(lines) + "\n"


BAD_FILES = {
    "empty": ("", "{path} is empty: there is no header. Nothing was imported."),
    "blank lines only": ("\n \n,,\n", "{path} is empty: there is no header. Nothing was imported."),
    "mark only": (b"\xef\xbb\xbf", "{path} is empty: there is no header. Nothing was imported."),
    "header only": (HEADER + "\n", "{path} has a header and no rows. Nothing was imported."),
    "duplicate headers": (
        file_of("category,title,Email,latitude,longitude,email", "plumbing,Tap,a@b.de,19,72,a@b.de"),
        "line 1: the header names a column more than once: “email” in columns 3 and 6. Nothing was imported.",
    ),
    "NUL": (
        file_of(HEADER, GOOD, "plumbing,Si\0nk,19.0,72.8,bob@example.com"),
        (
            "line 3: a NUL character: this is no text, or UTF-16 without its mark (then: --encoding utf-16-le). "
            "Nothing was imported."
        ),
    ),
    "UTF-16 without its mark": (
        file_of(HEADER, GOOD).encode("utf-16-le"),
        (
            "line 1: a NUL character: this is no text, or UTF-16 without its mark (then: --encoding utf-16-le). "
            "Nothing was imported."
        ),
    ),
    "UTF-8 with a byte of another encoding": (
        file_of(HEADER, "plumbing,Küche für Änne,19.0,72.8,ann@example.com").encode()
        + "plumbing,Küche,19.0,72.8,bob@example.com".encode("cp1252"),
        (
            "line 3: byte 0xFC cannot be read as utf-8; name the encoding of the file with --encoding, "
            "for example --encoding cp1252. Nothing was imported."
        ),
    ),
    "an encoding that is not recognised": (
        file_of(HEADER, "plumbing,Протекает кран на кухне,19.0,72.8,ann@example.com").encode("cp1251"),
        (
            "the encoding is neither UTF-8 nor UTF-16 nor Western European (cp1252); name it with --encoding, "
            "for example --encoding cp1250. Nothing was imported."
        ),
    ),
    "an open quotation mark": (
        file_of(HEADER, GOOD, 'plumbing,"Sink,19.0,72.8,bob@example.com', GOOD),
        "line 3: a quotation mark is opened in this row and never closed. Nothing was imported.",
    ),
    "an open quotation mark and much behind it": (
        file_of(HEADER, 'plumbing,"Sink,19.0,72.8,bob@example.com') + (GOOD + "\n") * 5_000,
        "line 2: a cell has more than 131,072 characters; is a quotation mark never closed? Nothing was imported.",
    ),
    "text behind a closing quotation mark": (
        file_of(HEADER, 'plumbing,"Si"nk,19.0,72.8,bob@example.com'),
        "line 2: this row is no CSV: ',' expected after '\"'. Nothing was imported.",
    ),
    "a spreadsheet": (
        b"PK\x03\x04\x14\x00",
        "{path} is a ZIP archive or a spreadsheet (.xlsx); export or unpack it as CSV. Nothing was imported.",
    ),
    "damaged gzip": (
        gzip.compress(file_of(HEADER, GOOD).encode())[:-12],
        (
            "the gzip data is damaged or cut off (Compressed file ended before the end-of-stream marker was reached). "
            "Nothing was imported."
        ),
    ),
}

BAD_ROWS = {
    "a row too short": (
        "plumbing,Sink,19.0,72.8",
        "line 3: has more or fewer cells than the header (4 instead of 5)",
    ),
    "a row too long": (
        "plumbing,Sink,19.0,72.8,bob@example.com,more",
        "line 3: has more or fewer cells than the header (6 instead of 5)",
    ),
    "a formula": (
        "plumbing,=1+1,19.0,72.8,bob@example.com",
        "line 3, column “title”: begins like a formula: “=1+1” (= + - @ and tabs may not come first)",
    ),
    "an unknown category": (
        "juggling,Sink,19.0,72.8,bob@example.com",
        "line 3, column “category”: is no category: “juggling” (there are: plumbing, tutoring)",
    ),
    "a place off the globe": (
        "plumbing,Sink,91,72.8,bob@example.com",
        "line 3, column “latitude”: is off the globe: “91” (between -90 and 90)",
    ),
    "a bad e-mail address": (
        "plumbing,Sink,19.0,72.8,bob at example",
        "line 3, column “email”: is no e-mail address: “bob at example”",
    ),
    "no contact": (
        "plumbing,Sink,19.0,72.8,",
        (
            "line 3, column “email”: there is no contact (neither e-mail nor phone; "
            "--placeholder-contact takes such leads in)"
        ),
    ),
    "no title": ("plumbing, ,19.0,72.8,bob@example.com", "line 3, column “title”: is empty: “ ”"),
    "half of the coordinates": (
        "plumbing,Sink,19.0,,bob@example.com",
        "line 3, column “longitude”: is empty, though the other coordinate is not",
    ),
    "a control character, shown harmlessly": (
        "\x1b[2Jplumbing,Sink,19.0,72.8,bob@example.com",
        "line 3, column “category”: is no category: “\\x1b[2Jplumbing” (there are: plumbing, tutoring)",
    ),
}


@pytest.mark.django_db
class TestBadFile:
    @pytest.mark.parametrize("case", BAD_FILES)
    def test_is_refused_with_its_reason_and_changes_nothing(self, case: str, tmp_path: Path) -> None:
        content, message = BAD_FILES[case]
        path = write_file(tmp_path, content)
        make_catalogue()
        before = count_rows()
        outcome = import_leads(path, "--skip-bad-rows")
        assert outcome.error == message.format(path=path)
        assert count_rows() == before

    def test_is_refused_when_a_line_is_100_megabytes_long_without_loading_it(self, tmp_path: Path) -> None:
        path = write_file(tmp_path, file_of(HEADER, GOOD))
        with path.open("ab") as file:
            file.writelines(b"x" * 1_000_000 for _block in range(100))
        make_catalogue()
        before = count_rows()
        tracemalloc.start()
        try:
            outcome = import_leads(path)
            _now, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert outcome.error == (
            "line 3: the row has more than 1,048,576 characters; is this a CSV file, and is a quotation mark never "
            "closed? Nothing was imported."
        )
        assert peak_bytes < 30_000_000
        assert count_rows() == before

    def test_is_refused_when_its_only_line_is_100_megabytes_of_gzip(self, tmp_path: Path) -> None:
        path = write_file(tmp_path, gzip.compress(b"x" * 100_000_000, compresslevel=1))
        outcome = import_leads(path)
        assert outcome.error.startswith("line 1: the row has more than 1,048,576 characters")

    def test_is_refused_when_it_unpacks_to_too_much(self, tmp_path: Path) -> None:
        path = write_file(tmp_path, gzip.compress(b"x" * 10_001))
        with pytest.raises(FileRefused, match=r"^it unpacks to more than 10,000 bytes; unpack it yourself"):
            ByteSource(path, unpacked_bytes_max=10_000).read_head(20_000)

    def test_is_refused_when_it_changes_between_the_passes(self, tmp_path: Path) -> None:
        path = write_file(tmp_path, "one")
        source = ByteSource(path)
        write_file(tmp_path, "other")
        with pytest.raises(FileRefused, match="was changed while it was being read"):
            source.read_head(10)

    def test_is_refused_when_it_is_not_there(self, tmp_path: Path) -> None:
        path = tmp_path / "absent.csv"
        assert (
            import_leads(path).error
            == f"Cannot read {path}: No such file or directory. Nothing was imported."
        )

    def test_is_refused_when_it_is_a_folder_or_a_pipe(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        for path in (tmp_path, pipe):
            assert import_leads(path).error == (
                f"{path} is no ordinary file; it is read twice, so a folder or a pipe will not do. "
                "Nothing was imported."
            )


@pytest.mark.django_db
class TestBadRow:
    @pytest.mark.parametrize("case", BAD_ROWS)
    def test_is_named_by_line_column_and_reason_and_nothing_is_imported(
        self, case: str, tmp_path: Path
    ) -> None:
        row, message = BAD_ROWS[case]
        path = write_file(tmp_path, file_of(HEADER, GOOD, row, LATER))
        make_catalogue()
        before = count_rows()
        outcome = import_leads(path)
        assert outcome.problems == [message]
        assert outcome.error.startswith("1 of 3 rows have errors, so nothing was imported: ")
        assert outcome.count("refused") == "1"
        assert outcome.count("created") == "0"
        assert count_rows() == before

    def test_is_left_out_when_asked_to_while_the_others_come_in(self, tmp_path: Path) -> None:
        path = write_file(tmp_path, file_of(HEADER, GOOD, "plumbing,=1+1,91,72.8,bob@example.com", LATER))
        make_catalogue()
        outcome = import_leads(path, "--skip-bad-rows")
        assert outcome.error == ""
        assert len(outcome.problems) == 2
        assert [outcome.count(words) for words in ("read", "created", "refused")] == ["3", "2", "1"]
        assert outcome.count("title: begins like a formula") == "1"
        assert outcome.count("latitude: is off the globe") == "1"

    def test_refuses_the_file_all_the_same_when_it_does_not_fit_the_columns(self, tmp_path: Path) -> None:
        path = write_file(tmp_path, file_of(HEADER, GOOD, "plumbing,Sink,19.0,72.8,bob@example.com,more"))
        make_catalogue()
        before = count_rows()
        outcome = import_leads(path, "--skip-bad-rows")
        assert outcome.error == (
            "1 of 2 rows have errors, so nothing was imported: rows that do not fit the columns cannot be left out, "
            "since others may have shifted unseen."
        )
        assert count_rows() == before

    def test_is_named_by_the_line_on_which_it_starts_when_quoted_cells_span_lines(
        self, tmp_path: Path
    ) -> None:
        path = write_file(
            tmp_path, file_of(HEADER, 'plumbing,"a\r\nb\nc",19,72,ann@example.com', "", "plumbing,x,19,72,y")
        )
        make_catalogue()
        assert import_leads(path).problems == ["line 6, column “email”: is no e-mail address: “y”"]

    def test_is_shown_for_the_first_twenty_and_written_to_a_file_for_all(self, tmp_path: Path) -> None:
        rows = [f"plumbing,Tap,19,72,=cmd{number}" for number in range(25)]
        path = write_file(tmp_path, file_of(HEADER, *rows))
        errors = tmp_path / "errors.csv"
        make_catalogue()
        outcome = import_leads(path, "--errors", errors)
        assert len(outcome.problems) == 21
        assert outcome.problems[-1] == "… and 5 more (all of them with --errors FILE.csv)"
        written = errors.read_text(encoding="utf-8-sig").splitlines()
        assert written[0] == "line,column,reason,value,hint"
        assert written[-1] == "26,email,begins like a formula,'=cmd24,'= + - @ and tabs may not come first"
        assert len(written) == 26

    def test_is_not_lost_when_its_file_cannot_be_written(self, tmp_path: Path) -> None:
        path, errors = write_file(tmp_path, file_of(HEADER, GOOD)), tmp_path / "absent" / "errors.csv"
        assert import_leads(path, "--errors", errors).error == (
            f"--errors: cannot write {errors}: No such file or directory. Nothing was imported."
        )

    def test_is_never_written_over_the_file_itself(self, tmp_path: Path) -> None:
        path = write_file(tmp_path, file_of(HEADER, GOOD))
        assert (
            import_leads(path, "--errors", path).error
            == f"--errors would overwrite {path}. Nothing was imported."
        )
        assert path.read_text() == file_of(HEADER, GOOD)
