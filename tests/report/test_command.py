"""The command ``tcocr report``."""

import json

import pytest

from airflow_provider_tcocr.cli import main
from tests.documents import made


@pytest.fixture
def out(dataset, rows, sheet, tmp_path):
    dataset(rows(sheet(), "text"), rows("gone.png", "text"))
    return str(tmp_path / "out")


def test_the_report_lies_beside_the_tables(out, capsys):
    assert main(["report", out]) == 0
    assert capsys.readouterr().out == f"{out}/report.html: 2 of 2 pages, 1 with their image\n"
    with open(f"{out}/report.html", encoding="utf-8") as file:
        assert file.read().startswith("<!DOCTYPE html>")


def test_the_report_lies_where_it_is_told_to(out, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for to in ("here.html", str(tmp_path / "folder" / "there.html")):
        assert main(["report", out, "--to", to, "--price", "0.0012", "--pages", "1", "--images", "none"]) == 0
        assert capsys.readouterr().out == f"{to}: 1 of 2 pages, 0 with their image\n"
        assert '"price":0.0012' in (tmp_path / to).read_text()
    assert not (tmp_path / "out/report.html").exists()


def test_a_report_may_lie_in_a_store(out, bucket, s3):
    assert main(["report", out, "--to", f"{s3}/reports/today.html"]) == 0
    assert bucket.get_object(Bucket="lake", Key="reports/today.html")["Body"].read(15) == b"<!DOCTYPE html>"


def test_a_dataset_in_a_store_has_its_report_there(out, bucket, s3, tmp_path, capsys):
    for path in (tmp_path / "out").rglob("*.*"):
        bucket.put_object(Bucket="lake", Key=f"ocr/{path.relative_to(tmp_path / 'out')}", Body=path.read_bytes())
    assert main(["report", f"{s3}/ocr"]) == 0
    assert f"{s3}/ocr/report.html: 2 of 2 pages" in capsys.readouterr().out
    assert bucket.get_object(Bucket="lake", Key="ocr/report.html")["Body"].read(15) == b"<!DOCTYPE html>"


def test_every_page_may_have_its_image(out, capsys):
    assert main(["report", out, "--images", "all"]) == 0
    assert "1 with their image" in capsys.readouterr().out


@pytest.mark.parametrize("images", ["some", "-1", "1.5"])
def test_what_is_no_number_of_images_is_refused(out, capsys, images):
    assert main(["report", out, f"--images={images}"]) == 1
    assert "--images takes a number, all or none" in capsys.readouterr().err


def test_what_is_no_dataset_is_told(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 1
    assert "has no _manifest.json" in capsys.readouterr().err


@pytest.mark.parametrize("price", ["nan", "inf", "-1", "cheap"])
def test_what_is_no_price_is_refused(price, capsys):
    with pytest.raises(SystemExit):
        main(["report", "out", f"--price={price}"])
    assert f"argument --price: a price must be a number of 0 or more, not '{price}'" in capsys.readouterr().err


def test_encrypted_pdfs_have_their_pictures_with_the_password_of_a_connection(
    dataset, rows, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("AIRFLOW_CONN_THE_LOCK", json.dumps({"conn_type": "generic", "password": "plantedReport"}))
    (tmp_path / "locked.pdf").write_bytes(made.encrypted(b"plantedReport"))
    dataset(rows(tmp_path / "locked.pdf", "text", width=200, height=200))
    out = str(tmp_path / "out")
    for named, told in (([], "0 with"), (["--pdf-password-conn-id", "the_lock"], "1 with")):
        assert main(["report", out, *named]) == 0
        assert told in capsys.readouterr().out
    assert "planted" not in (tmp_path / "out" / "report.html").read_text()
    assert main(["report", out, "--pdf-password-conn-id", "nowhere"]) == 1
    assert "there is no connection 'nowhere'" in capsys.readouterr().err
