"""The air log: whole after a crash, honest about every touch, read by spreadsheets, programs and players."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from server.airlog import AirLog, verify
from server.airlog.export import export
from server.cli.main import app
from streaming.errors import BadInput
from tests.server.conftest import Api

NIGHT = dt.datetime(2026, 11, 24, 17, 30, tzinfo=dt.UTC)


def say(log: AirLog, n: int, at: dt.datetime | None = None, **more: Any) -> dict[str, Any]:
    record = log.write(
        "main", "said", at or NIGHT + dt.timedelta(seconds=4 * n), line_id=f"l{n}", text=f"第{n}句。", lang="zh",
        source="script", **more,
    )
    assert record is not None
    return record


@pytest.fixture
def log(tmp_path: Path) -> AirLog:
    made = AirLog(tmp_path / "airlog")
    for n in range(12):
        say(made, n)
    return made


def lines(log: AirLog) -> list[bytes]:
    return (log.folder / "main" / "2026-11-24.jsonl").read_bytes().splitlines(keepends=True)


def put(log: AirLog, changed: list[bytes]) -> None:
    (log.folder / "main" / "2026-11-24.jsonl").write_bytes(b"".join(changed))


def test_an_untouched_log_is_whole_over_days_and_restarts(log: AirLog) -> None:
    again = AirLog(log.folder)
    say(again, 12, NIGHT + dt.timedelta(hours=8))
    report = verify(log.folder / "main")
    assert (report.good, report.records, report.last[:10]) == (True, 13, "2026-11-25")
    assert [r["seq"] for r in again.records("main")] == list(range(1, 14))


@pytest.mark.parametrize("touch", ["change", "remove", "insert", "swap", "cut", "cut and forget the head", "empty"])
def test_every_touch_is_found(log: AirLog, touch: str) -> None:
    rng = random.Random(touch)
    rows = lines(log)
    at = rng.randrange(2, 10)
    if touch == "change":
        rows[at] = rows[at].replace("句".encode(), "段".encode())
    elif touch == "remove":
        del rows[at]
    elif touch == "insert":
        rows.insert(at, rows[at])
    elif touch == "swap":
        rows[at], rows[at - 1] = rows[at - 1], rows[at]
    elif touch == "empty":
        rows = []
    else:
        rows = rows[:-1]
    put(log, rows)
    report = verify(log.folder / "main")
    if touch == "cut and forget the head":
        (log.folder / "main" / "head.json").unlink()
        assert "head.json" in verify(log.folder / "main").fault
        again = AirLog(log.folder)
        say(again, 12)
        note = [r["note"] for r in again.records("main") if r["kind"] == "event"]
        assert verify(log.folder / "main").good and "cut off" in note[0], "it goes on, but says so for ever"
        return
    assert not report.good
    assert report.fault


def test_a_forged_record_would_have_to_forge_all_that_follow(log: AirLog) -> None:
    from server.airlog.record import digest, line

    rows = lines(log)
    record = json.loads(rows[4])
    record["text"] = "没说过的话。"
    record["hash"] = digest(record)
    rows[4] = line(record).encode()
    put(log, rows)
    assert verify(log.folder / "main").fault.startswith("2026-11-24.jsonl:6")


def test_a_crash_between_record_and_head_loses_nothing(log: AirLog) -> None:
    head = (log.folder / "main" / "head.json").read_text()
    say(log, 12)
    (log.folder / "main" / "head.json").write_text(head)
    again = AirLog(log.folder)
    say(again, 13)
    report = verify(log.folder / "main")
    assert (report.good, report.records) == (True, 14)


def test_a_log_that_is_being_written_is_whole(tmp_path: Path) -> None:
    log = AirLog(tmp_path / "airlog")
    say(log, 0)
    for n in range(1, 600):
        log.post("main", "said", text=f"{n}")
    while log._waiting:
        assert verify(log.folder / "main").fault == ""
    log.close()


def test_records_put_in_at_the_end_are_found(log: AirLog) -> None:
    head = (log.folder / "main" / "head.json").read_text()
    for n in range(12, 15):
        say(log, n)
    (log.folder / "main" / "head.json").write_text(head)
    assert "put in" in verify(log.folder / "main").fault


def test_a_half_written_line_does_not_stop_the_log(log: AirLog) -> None:
    with open(log.folder / "main" / "2026-11-24.jsonl", "ab") as f:
        f.write(b'{"seq": 13, "te')
    again = AirLog(log.folder)
    say(again, 12)
    assert [r["seq"] for r in again.latest("main", 3)] == [11, 12, 13]
    report = verify(log.folder / "main")
    assert (report.good, report.records, report.torn) == (True, 13, 1)


def test_old_days_go_and_the_rest_still_proves_itself(tmp_path: Path) -> None:
    log = AirLog(tmp_path / "airlog", keep_days=30)
    for n in range(60):
        say(log, n, NIGHT + dt.timedelta(days=n))
    report = verify(log.folder / "main")
    assert (report.good, report.records, report.first[:10]) == (True, 31, "2026-12-23")


def test_a_full_disk_is_counted_and_the_show_goes_on(log: AirLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.airlog.log.os.fdatasync", full)
    assert log.write("main", "said", text="x") is None
    assert log.failed == 1 and log.down
    monkeypatch.undo()
    assert log.write("main", "said", text="x") and not log.down


def test_what_is_posted_is_written_in_order(tmp_path: Path) -> None:
    log = AirLog(tmp_path / "airlog")
    for n in range(200):
        log.post("main", "said", text=f"{n}")
    log.close()
    assert [r["text"] for r in log.records("main")] == [str(n) for n in range(200)]
    assert verify(log.folder / "main").good


def test_a_spreadsheet_gets_every_field_and_no_formula(log: AirLog) -> None:
    log.write("main", "said", NIGHT, text="=HYPERLINK(1)", lang="zh", guard={"guard": "allow"})
    text = "".join(export(log.records("main"), "csv"))
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 13 and rows[0]["text"] == "第0句。"
    assert rows[-1]["text"] == "'=HYPERLINK(1)" and json.loads(rows[-1]["guard"]) == {"guard": "allow"}
    back = [json.loads(t) for t in export(log.records("main"), "jsonl")]
    assert back == list(log.records("main"))


def test_subtitles_follow_the_recording(tmp_path: Path) -> None:
    log = AirLog(tmp_path / "airlog")
    for n in range(3):
        say(log, n, recording={"file": "a.mp4", "offset_s": 10.5 + 4 * n})
    srt = "".join(export(log.records("main"), "srt"))
    assert srt.startswith("1\n00:00:10,500 --> 00:00:")
    assert "3\n00:00:18,500" in srt
    say(log, 3, recording={"file": "b.mp4", "offset_s": 0.4}, duration_s=2.25)
    log.write("main", "said", NIGHT + dt.timedelta(seconds=15), line_id="l9", text="", lang="zh", duration_s=30.0,
              recording={"file": "b.mp4", "offset_s": 5.0}, voice=True)
    log.write("main", "cut", NIGHT + dt.timedelta(seconds=17, milliseconds=500), line_id="l9", note="stopped")
    second = "".join(export(log.records("main"), "srt", "b.mp4"))
    assert second.startswith("1\n00:00:00,400 --> 00:00:02,650\n第3句。") and second.count("-->") == 2
    assert "2\n00:00:05,000 --> 00:00:07,500\n(microphone)" in second, "it was broken off"
    whole = "".join(export(log.records("main"), "srt"))
    assert whole.startswith("1\n00:00:00,000") and whole.count("-->") == 5, "of several files: from the first sentence"
    first = "".join(export(log.records("main", since=NIGHT + dt.timedelta(seconds=3)), "srt"))
    assert first.count("-->") == 4


def test_an_instant_without_a_zone_is_refused(log: AirLog) -> None:
    with pytest.raises(BadInput, match="time zone"):
        list(log.records("main", since=dt.datetime(2026, 11, 24)))


def test_the_command_line_proves_and_exports(log: AirLog, tmp_path: Path) -> None:
    run = CliRunner().invoke
    answer = run(app, ["airlog", "verify", "--data", str(tmp_path)])
    assert answer.exit_code == 0 and "12" in answer.output, answer.output
    answer = run(app, ["airlog", "export", "--format", "srt", "--out", str(tmp_path / "a.srt"), "--data", str(tmp_path)])
    assert answer.exit_code == 0 and (tmp_path / "a.srt").read_text(encoding="utf-8").count("-->") == 12
    assert run(app, ["airlog", "export", "--format", "pdf", "--data", str(tmp_path)]).exit_code == 2
    assert run(app, ["airlog", "verify", "--data", str(tmp_path / "no")]).exit_code == 2
    put(log, lines(log)[1:])
    assert run(app, ["airlog", "verify", "--data", str(tmp_path)]).exit_code == 1


async def test_the_api_reads_proves_and_exports(api: Api) -> None:
    log = api.context.airlog
    for n in range(3):
        say(log, n)
    assert len((await api.client.get("/airlog", params={"room": "main", "limit": 2})).json()) == 2
    assert (await api.client.get("/airlog/verify", params={"room": "main"})).json()["ok"] is True
    answer = await api.client.get("/airlog/export", params={"room": "main", "format": "srt"})
    assert answer.text.count("-->") == 3 and "attachment" in answer.headers["content-disposition"]
    bad = await api.client.get("/airlog/export", params={"room": "main", "since": "2026-11-24T00:00:00"})
    assert bad.status_code == 422
    assert (await api.client.get("/airlog", params={"room": "none"})).status_code == 404
