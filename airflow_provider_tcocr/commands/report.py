"""The command ``tcocr report``: its options, where the file goes, and a summary of it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..exceptions import ConfigurationError
from ..price import price_of
from ..report.bounds import REPORT_NAME, Bounds
from .output import results


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; nothing heavy is imported for them."""
    bounds = Bounds()
    parser.add_argument("output_path", nargs="+", metavar="OUTPUT_PATH", help="what a batch wrote to, local or a URI")
    parser.add_argument(
        "--to",
        metavar="FILE",
        help=f"the file to write, local or a URI (default: {REPORT_NAME} in the first OUTPUT_PATH)",
    )
    parser.add_argument("--price", type=_price, help="price of one call, to show the cost (default: no cost is shown)")
    parser.add_argument(
        "--pages", type=int, default=bounds.pages, metavar="N", help="show the N worst pages (default: %(default)s)"
    )
    parser.add_argument(
        "--images",
        default=str(bounds.pictures),
        metavar="N|all|none",
        help="of these, show the N worst with their image (default: %(default)s)",
    )
    parser.add_argument("--fetch", action="store_true", help="fetch documents behind http(s) for their image")
    parser.add_argument(
        "--pdf-password-conn-id", metavar="ID", help="the Airflow connection whose password opens encrypted PDFs"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the report and print where it is."""
    from ..dataset import OcrDataset
    from ..documents.document import local_path
    from ..landing.folder import open_folder
    from ..report import write_report

    bounds = Bounds(pages=arguments.pages, pictures=_pictures(arguments.images, arguments.pages))
    to = arguments.to or f"{arguments.output_path[0].rstrip('/')}/{REPORT_NAME}"
    folder, name = os.path.split(to)
    place = Path(local_path(to))
    if not name or (place.exists() and not place.is_file()):  # it would be replaced, even /dev/null
        raise ConfigurationError(f"--to takes a file, which {to} is not")
    with results() as out:
        written = write_report(
            OcrDataset.open(arguments.output_path),
            open_folder(folder or "."),
            name,
            bounds=bounds,
            price=arguments.price,
            fetch=arguments.fetch,
            pdf_password_conn_id=arguments.pdf_password_conn_id,
        )
        summary = f"{written.shown:,} of {written.pages:,} pages, {written.pictured:,} with their image"
        out.write(f"{to}: {summary}\n")
    return 0


def _price(text: str) -> float:
    try:
        return price_of("a price", text)
    except ConfigurationError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _pictures(text: str, pages: int) -> int:
    if text in ("all", "none"):
        return pages if text == "all" else 0
    if not text.isdecimal():
        raise ConfigurationError(f"--images takes a number, all or none, not {text!r}")
    return int(text)
