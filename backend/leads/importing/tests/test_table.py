"""Reading files: whatever wrote them, the same rows come out."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.leads.importing.errors import FileRefused
from backend.leads.importing.recognition import recognise_delimiter, recognise_encoding
from backend.leads.importing.table import Table
from backend.leads.importing.tests.factories import write_file

HEADER = ["title", "text", "name"]

# Every text but NUL (refused) and halves of surrogate pairs (no encoding writes them).
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
rows_of_texts = st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=10)


def rows_in(path: Path) -> list[tuple[str, ...]]:
    return [row.cells for row in Table(path).rows()]


# Every example overwrites the file of the one before.
any_time = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class TestTable:
    @any_time
    @given(
        rows=rows_of_texts,
        delimiter=st.sampled_from(",;\t|"),
        line_end=st.sampled_from(["\n", "\r\n", "\r"]),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
        is_packed=st.booleans(),
    )
    def test_gives_back_what_was_written_in_any_dialect(
        self,
        rows: list[tuple[str, ...]],
        delimiter: str,
        line_end: str,
        encoding: str,
        is_packed: bool,
        tmp_path: Path,
    ) -> None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        writer.writerows([HEADER, *rows])
        data = text.getvalue().encode(encoding)
        path = write_file(tmp_path, gzip.compress(data, 1) if is_packed else data)
        assert rows_in(path) == [row for row in rows if any(cell.strip() for cell in row)]

    @any_time
    @given(
        rows=st.lists(
            st.tuples(*[st.text("abcäöüßéèñ ,;|\t“”–€'\"", max_size=20)] * 3), min_size=1, max_size=8
        ),
        delimiter=st.sampled_from(",;\t|"),
        encoding=st.sampled_from(["utf-8", "utf-16"]),
    )
    def test_gives_back_what_was_written_with_as_few_quotes_as_possible(
        self, rows: list[tuple[str, ...]], delimiter: str, encoding: str, tmp_path: Path
    ) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter).writerows([HEADER, *rows])
        path = write_file(tmp_path, text.getvalue().encode(encoding))
        assert rows_in(path) == [row for row in rows if any(cell.strip() for cell in row)]


class TestTableOfOneKind:
    def test_counts_physical_lines_from_one(self, tmp_path: Path) -> None:
        path = write_file(tmp_path, '\ntitle,name\n"a\nb",c\n\n,\nd,e')
        assert [(row.line, row.cells) for row in Table(path).rows()] == [(3, ("a\nb", "c")), (7, ("d", "e"))]

    def test_takes_a_header_with_nameless_columns_at_its_end(self, tmp_path: Path) -> None:
        table = Table(write_file(tmp_path, "title,name,,\na,b,,\nc,d\ne,f,,g\nh,i,\n"))
        assert table.header.width == 2
        faults = [table.header.find_fault(row) for row in table.rows()]
        assert [fault and fault.reason for fault in faults] == [
            None,
            None,
            "has a value beyond the last column",
            "has more or fewer cells than the header",
        ]

    def test_takes_the_encoding_and_the_delimiter_that_it_is_told(self, tmp_path: Path) -> None:
        path = write_file(tmp_path, "title:name\nŁódź:Żółć\n".encode("cp1250"))
        table = Table(path, encoding="cp1250", delimiter=":")
        assert [row.cells for row in table.rows()] == [("Łódź", "Żółć")]

    def test_names_the_line_of_a_byte_far_behind_the_first_megabyte(self, tmp_path: Path) -> None:
        lines = b"title,name\n" + b"a,b\n" * 270_000 + b"\xfc,b\n" + b"a,b\n" * 10
        table = Table(write_file(tmp_path, lines))
        with pytest.raises(FileRefused, match=r"^line 270002: byte 0xFC cannot be read as utf-8"):
            list(table.rows())

    def test_reads_quotation_marks_inside_a_bare_cell_as_they_are(self, tmp_path: Path) -> None:
        assert rows_in(write_file(tmp_path, 'title,name\n5" pipe,Ann\n')) == [('5" pipe', "Ann")]


class TestRecogniseEncoding:
    @pytest.mark.parametrize(
        ("head", "encoding"),
        [
            (b"title,name", "utf-8"),
            ("Küche".encode(), "utf-8"),
            ("Küche".encode("utf-8-sig"), "utf-8-sig"),
            ("Küche".encode("utf-16"), "utf-16"),
            (b"\xfe\xff" + "Küche".encode("utf-16-be"), "utf-16"),
            ("Küche".encode("utf-32"), "utf-32"),
            ("name;Zoë Müller;“quoted” – 5 €".encode("cp1252"), "cp1252"),
            ("name;Crème brûlée".encode("latin-1"), "cp1252"),
        ],
    )
    def test_knows_what_files_of_leads_come_in(self, head: bytes, encoding: str) -> None:
        assert recognise_encoding(head, is_whole=True) == encoding

    @pytest.mark.parametrize(
        "head",
        ["Протекает кран".encode("cp1251"), "山田太郎;東京".encode("shift_jis"), b"\x89PNG\r\n\x1a\n\x81"],
    )
    def test_refuses_what_is_no_text_in_them(self, head: bytes) -> None:
        with pytest.raises(
            FileRefused, match=r"^the encoding is neither UTF-8 nor UTF-16 nor Western European"
        ):
            recognise_encoding(head, is_whole=True)

    def test_takes_a_letter_that_is_cut_off_at_the_end_of_the_head_for_utf_8(self) -> None:
        head = "Küche für alle: ä".encode()[:-1]
        assert recognise_encoding(head, is_whole=False) == "utf-8"


class TestRecogniseDelimiter:
    @pytest.mark.parametrize(
        ("head", "delimiter"),
        [
            ("a,b,c\n1,2,3\n", ","),
            ("a;b;c\n1,5;2,5;3,5\n", ";"),
            ("a\tb\n1, 2\t3; 4\n", "\t"),
            ("a|b|c\n1|2|3\n", "|"),
            ('"a;b",c,d\n"1;2",3,4\n', ","),
            ("Price, EUR;Name;City\n1,5;x;y\n2,5;z;a\n", ";"),
            ("email\nann@example.com\n", ","),
        ],
    )
    def test_takes_the_one_that_cuts_rows_as_wide_as_the_header(self, head: str, delimiter: str) -> None:
        assert recognise_delimiter(head) == delimiter
