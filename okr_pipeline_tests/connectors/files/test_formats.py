import io
import json
import zipfile
from datetime import date, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.errors import ConfigError, DataError
from connectors.files.formats import READERS, Ask, read_csv, read_excel, read_json, read_parquet


def ask(columns="dav", **change):
    return Ask(
        **{"columns": set(columns), "numbers": {"v"}, "sheet": None, "max_bytes": 10**6, "max_rows": 100, **change}
    )


def csv(text, **change):
    content = text if isinstance(text, bytes) else text.encode()
    return read_csv(io.BytesIO(content), ask(**change))


def cells(table, column="v"):
    return [None if pd.isna(value) else value for value in table.frame[column]]


# CSV


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0), ("-2.5", -2.5), ("+3", 3.0), ("1e6", 1e6), (".5", 0.5), ("5.", 5.0), (" 7 ", 7.0), ("007", 7.0),
        ("inf", float("inf")), ("-Infinity", float("-inf")), ("", None), ('""', None), ("  ", None),
        ("n/a", "n/a"), ("NaN", "NaN"), ("null", "null"), ('"1,234"', "1,234"), ("12 %", "12 %"), ("$5", "$5"), ("0x10", "0x10"),
        ("1_000", "1_000"), ("1e", "1e"), ("--1", "--1"), ("true", "true"), ("½", "½"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_a_csv_cell_is_a_number_only_if_all_of_it_is(text, value):
    assert cells(csv(f"d,v\n2013-03-09,{text}\n2013-03-10,1\n")) == [value, 1.0]


@pytest.mark.parametrize(
    "text",
    [
        "d,v\n2013-03-09,1\n", "d,v\r\n2013-03-09,1\r\n", "\ufeffd,v\n2013-03-09,1", '"d","v"\n"2013-03-09","1"\n',
        "d,v\n\n2013-03-09,1\n\n", "v,d\n1,2013-03-09\n", "x,d,y,v\n,2013-03-09,,1\n", "d,v\r2013-03-09,1\r",
        "\n\r\nd,v\n2013-03-09,1\n", "d,v,,\n2013-03-09,1,,\n",
    ],
)  # fmt: skip
def test_ordinary_ways_of_writing_csv_read_alike(text):
    table = csv(text)
    assert (cells(table), cells(table, "d")) == ([1.0], ["2013-03-09"])


def test_quotes_keep_commas_newlines_and_quotes():
    table = csv('d,a,v\n2013-03-09,"x, ""y""\nz",1\n')
    assert cells(table, "a") == ['x, "y"\nz']


def test_members_that_look_like_numbers_stay_as_written():
    assert cells(csv("a,v\n007,1\n1.50,2\n"), "a") == ["007", "1.50"]


def test_a_header_alone_is_no_rows():
    table = csv("d,v")
    assert (table.names, len(table.frame)) == (("d", "v"), 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("d,a,v\n1,2,3\n1,2\n", r"Line 3 has 2 cells, and the header names 3 columns"),
        ('d,a,v\n1,"2\n2",3\n1,2,3,4\n', r"Line 4 has 4 cells"),
        ('d,v\n2013-03-09,"1\n', r"Line [23] "),
        ("d,d\n1,2\n", r"The name 'd' heads two columns"),
        ("d;v\n1;2\n", r"one name 'd;v'. Separate the columns with commas"),
        ("d\tv\n1\t2\n", r"Separate the columns with commas"),
        ("d," + "v" * 200_000 + "\n1,2\n", r"Line 1 cannot be read: field larger"),
        (b"d,v\n2013-03-09,\xe9\n", r"Line 2 is not UTF-8 text"),
        ("d,v\n1,2\n".encode("utf-16"), r"not UTF-8 text"),
        ("d,a,v\n" + "1,2,3\n" * 101, r"It has 101 rows, and the source takes 100"),
    ],
)  # fmt: skip
def test_broken_csv_is_told_with_its_line(content, message):
    with pytest.raises(DataError, match=message):
        csv(content)


def test_a_long_file_with_a_ragged_line_deep_inside_is_told_too():
    lines = ["d,a,v", *("2013-03-09,x,1" for _ in range(200_000))]
    lines[150_000] = "2013-03-09,x"
    with pytest.raises(DataError, match=r"Line 150001 has 2 cells"):
        csv("\n".join(lines), max_rows=10**6)


def test_columns_that_were_not_asked_for_are_named_and_not_read():
    table = csv("d,v,secret\n1,2,3\n")
    assert (table.names, list(table.frame)) == (("d", "v", "secret"), ["d", "v"])


# Parquet


def parquet(table, **change):
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return read_parquet(buffer, ask(**change))


def test_parquet_reads_only_the_asked_columns_and_keeps_types():
    table = parquet(
        pa.table({"d": [date(2013, 3, 9)], "v": [None], "a": pa.array(["x"]).dictionary_encode(), "z": [1]})
    )
    assert table.names == ("d", "v", "a", "z")
    assert {name: cells(table, name) for name in table.frame} == {"d": [date(2013, 3, 9)], "v": [None], "a": ["x"]}


@pytest.mark.parametrize("cut", [1, 4, 50, 200])
def test_a_parquet_file_cut_short_is_an_error(cut):
    buffer = io.BytesIO()
    pq.write_table(pa.table({"d": list(range(100)), "v": list(range(100))}), buffer)
    with pytest.raises(DataError, match="not a whole Parquet file"):
        read_parquet(io.BytesIO(buffer.getvalue()[:-cut]), ask())


def test_a_parquet_file_with_damage_inside_is_an_error():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"d": [str(n) for n in range(100)], "v": list(range(100))}), buffer)
    content = bytearray(buffer.getvalue())
    content[20:200] = bytes(180)
    with pytest.raises(DataError, match="not a whole Parquet file"):
        read_parquet(io.BytesIO(bytes(content)), ask())


def test_a_long_parquet_file_is_refused_before_it_is_read():
    with pytest.raises(DataError, match="101 rows"):
        parquet(pa.table({"v": list(range(101))}))


# Excel


def workbook(*sheets):
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as writer:
        for name, rows in sheets:
            pd.DataFrame(rows).to_excel(writer, sheet_name=name, index=False, header=False)
    return buffer.getvalue()


def excel(content, **change):
    return read_excel(io.BytesIO(content), ask(**change))


def test_excel_cells_keep_their_types():
    day = datetime(2013, 3, 9)  # noqa: DTZ001 - workbooks know no zones
    rows = [["d", "v", "a"], [day, 1, "x"], [None, 2.5, None], ["2013-03-10", "12.5", True]]
    table = excel(workbook(("Sheet1", rows)))
    assert cells(table) == [1.0, 2.5, "12.5"]
    assert cells(table, "a") == ["x", None, True]
    assert [str(value) for value in cells(table, "d")] in (
        ["2013-03-09", "None", "2013-03-10"], ["2013-03-09 00:00:00", "None", "2013-03-10"],
    )  # fmt: skip


def test_empty_rows_before_and_between_are_left_out():
    assert cells(excel(workbook(("Sheet1", [[None, None], ["d", "v"], ["x", 1], [None, None], ["y", 2]])))) == [1, 2]


def test_a_remark_beside_the_table_is_no_column():
    assert cells(excel(workbook(("Sheet1", [["d", "v", None, None], ["x", 1, None, "a remark"]])))) == [1]


def test_a_year_that_heads_a_column_has_no_point():
    assert excel(workbook(("Sheet1", [["d", 2025], ["x", 1]]))).names == ("d", "2025")


def test_a_sheet_is_chosen_by_name_and_the_first_otherwise():
    content = workbook(("First", [["v"], [1]]), ("Second", [["v"], [2]]))
    assert (cells(excel(content)), cells(excel(content, sheet="Second"))) == ([1], [2])
    with pytest.raises(ConfigError, match=r"no sheet Secnd\. Did you mean Second"):
        excel(content, sheet="Secnd")


@pytest.mark.parametrize("cut", [1, 30, 1000])
def test_a_workbook_cut_short_is_an_error(cut):
    with pytest.raises(DataError, match="not a whole Excel workbook"):
        excel(workbook(("Sheet1", [["d", "v"], ["x", 1]]))[:-cut])


def test_a_workbook_without_cells_is_an_error():
    with pytest.raises(DataError, match="sheet is empty"):
        excel(workbook(("Sheet1", [])))


def test_a_workbook_that_unpacks_to_far_more_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(2_000_000))
    with pytest.raises(DataError, match="unpacks to 2,000,000 bytes"):
        excel(buffer.getvalue())


# JSON


def from_json(text, **change):
    return read_json(io.BytesIO(text.encode()), ask(**change))


@pytest.mark.parametrize(
    "text",
    [
        '[{"d": "x", "v": 1}, {"v": 2.5}, {"d": "y", "v": "n/a", "z": {}}]',
        '\ufeff {"d": "x", "v": 1}\n{"v": 2.5}\n\n{"d": "y", "v": "n/a", "z": {}}\n',
    ],
    ids=["array", "lines"],
)
def test_json_is_an_array_or_lines_and_keys_may_lack(text):
    table = from_json(text)
    assert table.names == ("d", "v", "z")
    assert (cells(table), cells(table, "d")) == ([1, 2.5, "n/a"], ["x", None, "y"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"v": NaN}]', "NaN is no number"),
        ('{"v": 1}\n{"v": -Infinity}', "Line 2 .*-Infinity is no number"),
        ('[{"v": 1, "v": 2}]', "'v' is there twice"),
        ('[{"v": 1},\n{"v": 2}', "Line 2 cannot be read"),
        ('{"v": 1}\n{"v": ', "Line 2 cannot be read"),
        ("[1, 2]", "something else than objects"),
        ('{"v": 1}\n2\n', "Record 2 is not an object"),
        ("[" * 100_000, "cannot be read"),
        ("[" + ",".join(['{"v": 1}'] * 101) + "]", "101 rows"),
    ],
)  # fmt: skip
def test_broken_json_is_told_with_its_place(text, message):
    with pytest.raises(DataError, match=message):
        from_json(text)


def test_no_objects_are_no_rows():
    assert len(from_json("[]").frame) == 0


@pytest.mark.parametrize("suffix", READERS)
def test_no_reader_takes_nonsense(suffix):
    with pytest.raises(DataError):
        READERS[suffix](io.BytesIO(bytes(range(256)) * 40), ask())


def test_numbers_in_json_keep_their_digits():
    assert cells(from_json(json.dumps([{"a": 2**60 + 1, "v": 1}])), "a") == [2**60 + 1]
