"""Estimates from the api data of R's package survey against R's own: `python -m tests.survey.api_of_r`.

Needs `Rscript` and the package, from which the data are taken; they are not shipped. Ends with an AssertionError at the
first figure that differs.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from custinfo.statistics.estimation import SurveyDesign, SurveySample
from tests.survey.small_survey import is_as

TAKEN = """
suppressMessages(library(survey)); data(api)
for (n in c("apistrat", "apiclus1", "apiclus2")) write.csv(get(n), file.path(commandArgs(TRUE)[1], n), row.names = FALSE)
"""


def compare(folder: Path) -> None:
    """Takes the data out of R into `folder` and compares what is estimated from them."""
    (folder / "api.R").write_text(TAKEN, "utf-8")
    subprocess.run(["Rscript", str(folder / "api.R"), str(folder)], check=True)
    stratified = SurveySample(pd.read_csv(folder / "apistrat"), SurveyDesign("pw", "stype", population="fpc"))
    is_as(stratified.mean("api00"), (662.28736315932, 9.4089408027846))
    is_as(stratified.total("enroll"), (3687177.5324383, 114641.71610078))
    clusters = SurveySample(pd.read_csv(folder / "apiclus1"), SurveyDesign("pw", cluster="dnum", population="fpc"))
    is_as(clusters.mean("api00"), (644.1693989071, 23.542240693781))
    schools = {"E": 4421.0, "H": 755.0, "M": 1018.0}
    is_as(clusters.post_stratified("stype", schools).total("enroll"), (3680892.945119, 406292.6362948))
    raked = clusters.raked({"stype": schools, "sch.wide": {"No": 1072.0, "Yes": 5122.0}})
    is_as(raked.mean("api00"), (641.23032092682, 23.703616887922))
    stages = SurveyDesign("pw", None, "dnum", "snum", "fpc1", "fpc2")
    two = SurveySample(pd.read_csv(folder / "apiclus2"), stages)
    is_as(two.mean("api00"), (670.81180811808, 30.099027376837))
    is_as(two.total("enroll"), (2639272.93, 799637.77364836))


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        compare(Path(made))
    print("All figures are those of R.")
