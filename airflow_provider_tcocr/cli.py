"""The command ``tcocr``: finds the subcommand and hands over to it. Knows no subcommand's options or work."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Final

from . import __version__
from .commands import export, report
from .commands.output import message_of
from .emulator import command as emulator


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One subcommand: what it does in a phrase, its options, its work."""

    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


SUBCOMMANDS: Final[Mapping[str, Subcommand]] = {
    "emulator": Subcommand("serve a local emulator of Tencent Cloud OCR", emulator.add_arguments, emulator.run),
    "report": Subcommand("write an HTML report of what a batch read", report.add_arguments, report.run),
    "export": Subcommand(
        "write what was read as text, Markdown, hOCR or searchable PDFs", export.add_arguments, export.run
    ),
}


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(prog="tcocr", description="Tencent Cloud OCR for Apache Airflow.")
    parser.add_argument("--version", action="version", version=f"tcocr {__version__}")
    subparsers = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
    for name, subcommand in SUBCOMMANDS.items():
        summary = subcommand.summary
        described = f"{summary[0].upper()}{summary[1:]}."  # str.capitalize would lower the case of names
        subcommand.add_arguments(subparsers.add_parser(name, help=summary, description=described))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status; whatever goes wrong is one line on stderr."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # names that the terminal's encoding does not have
    parsed = make_parser().parse_args(arguments)
    try:
        status = SUBCOMMANDS[parsed.subcommand].run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it exits
        return 1
    except Exception as failure:
        sys.stderr.write(f"tcocr {parsed.subcommand}: {message_of(failure)}\n")
        return 1
    return status


if __name__ == "__main__":
    raise SystemExit(main())
