"""The one look of all reports: colours and fonts, for pages, charts, PDF and spreadsheets alike."""

from pathlib import Path

import pylopdf_fonts_zh_cn

ACCENT = "#0f5e63"
SOFT = "#8fbfc0"
PALE = "#e9f2f2"
INK = "#1d2b2d"
MUTED = "#5b6b6d"
RULE = "#c9d6d6"
WARN = "#9a3b12"

FONT = "Noto Sans SC"
FONTS = f"{FONT}, sans-serif"
FONT_FOLDER: Path = pylopdf_fonts_zh_cn.sans_path().parent
"""The fonts that are embedded in PDFs and that charts are measured with, the same on every machine."""
