"""The peer: the same form, drawn by Streamlit from the same description (a JSON file named in FORM_JSON)."""

import json
import os
from pathlib import Path

import streamlit as st


def ask(question: dict) -> None:
    """One question with Streamlit's own widget of its kind."""
    label = question["label"] + (" ※" if question["required"] else "")
    settings = {"key": question["ref"], "help": question["hint"] or None}
    if question["kind"] == "select1":
        st.selectbox(label, question["choices"], index=None, **settings)
    elif question["type"] == "date":
        st.date_input(label, value=None, **settings)
    elif question["type"] in ("int", "decimal"):
        st.number_input(label, value=None, **settings)
    elif "multiline" in question["appearance"]:
        st.text_area(label, **settings)
    else:
        st.text_input(label, **settings)


form = json.loads(Path(os.environ["FORM_JSON"]).read_text("utf-8"))
st.title(form["title"])
for group in form["groups"]:
    st.subheader(group["label"])
    for one in group["questions"]:
        ask(one)
